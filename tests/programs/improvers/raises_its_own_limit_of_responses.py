# expect: raised
# says: line \d+: AssertionError: a call may have 1 to 6 responses, not 1000

def improve_algorithm(initial_solution, utility, language_model):
    object.__setattr__(language_model, "max_responses_per_call", 10**9)
    return language_model.prompt("expert", "message", n_responses=1000)[0]
