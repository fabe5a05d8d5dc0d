# expect: ok
# solution: \(5, 0\)

def improve_algorithm(initial_solution, utility, language_model):
    refusals = 0
    for solution in (None, 5, [initial_solution], b"x", "\ud800"):
        try:
            utility(solution)
        except AssertionError:
            refusals += 1
    return repr((refusals, utility.uses))
