# expect: budget_exceeded
# says: it went on after 1,000 refusals
# violations: any
# uses: 25

def improve_algorithm(initial_solution, utility, language_model):
    while True:
        try:
            utility(initial_solution)
        except BaseException:
            pass
