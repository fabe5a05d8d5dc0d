# expect: ok
# solution: \(4, 1\)
# calls: 1

def improve_algorithm(initial_solution, utility, language_model):
    refusals = 0
    for temperature in (-1, 11, float("nan"), float("inf")):
        try:
            language_model.prompt("expert", "message", temperature=temperature)
        except AssertionError:
            refusals += 1
    language_model.prompt("expert", "message", temperature=0)
    return repr((refusals, language_model.times_used))
