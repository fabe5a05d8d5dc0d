# expect: ok
# solution: \(1, 0\)
# violations: read_only_view x3
# uses: 1

def improve_algorithm(initial_solution, utility, language_model):
    utility(initial_solution)
    utility.uses = 0
    del utility.uses
    language_model.times_used = -5
    return repr((utility.uses, language_model.times_used))
