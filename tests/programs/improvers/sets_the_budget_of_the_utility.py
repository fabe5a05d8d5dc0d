# expect: budget_exceeded
# says: line \d+: BudgetExceeded: the budget of uses of the utility is used up: 25 of 25
# violations: budget, read_only_view
# uses: 25

def improve_algorithm(initial_solution, utility, language_model):
    utility.budget = 10**9
    assert utility.budget == 25
    for _ in range(30):
        utility(initial_solution)
    return initial_solution
