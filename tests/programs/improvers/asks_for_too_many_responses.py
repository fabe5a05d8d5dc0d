# expect: ok
# solution: \(\[7, 0, -1, 1000000000, 2.0, True, '3', None\], 0\)

def improve_algorithm(initial_solution, utility, language_model):
    refusals = []
    for n_responses in (7, 0, -1, 10**9, 2.0, True, "3", None):
        try:
            language_model.prompt("expert", "message", n_responses=n_responses)
        except AssertionError as error:
            refusals.append(n_responses)
    return repr((refusals, language_model.times_used))
