# expect: ok
# solution: \(4, 0, -inf\)

def improve_algorithm(initial_solution, utility, language_model):
    refusals = 0
    for solution in (5, [initial_solution], b"x", "\ud800"):
        try:
            utility(solution)
        except AssertionError:
            refusals += 1
    return repr((refusals, utility.uses, utility(None)))
