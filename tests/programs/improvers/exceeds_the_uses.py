# expect: budget_exceeded
# says: line \d+: BudgetExceeded: the budget of uses of the utility is used up: 25 of 25
# violations: budget
# uses: 25

def improve_algorithm(initial_solution, utility, language_model):
    return max([initial_solution] * 26, key=utility)
