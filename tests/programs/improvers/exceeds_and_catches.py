# expect: ok
# solution: \['BudgetExceeded', 'BudgetExceeded'\]
# violations: budget x2
# calls: 4

def improve_algorithm(initial_solution, utility, language_model):
    refusals = []
    for _ in range(6):
        try:
            language_model.prompt("expert", "message")
        except Exception as error:
            refusals.append(type(error).__name__)
    return repr(refusals)
