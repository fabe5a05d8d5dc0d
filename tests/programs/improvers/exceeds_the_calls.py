# expect: budget_exceeded
# says: line \d+: BudgetExceeded: the budget of calls of the language model is used up: 4 of 4
# violations: budget
# calls: 4

def improve_algorithm(initial_solution, utility, language_model):
    for _ in range(5):
        language_model.prompt("expert", "message", n_responses=2)
    return initial_solution
