# expect: protocol_violation
# says: a message of \d+ bytes, more than 16777216
# violations: protocol

def improve_algorithm(initial_solution, utility, language_model):
    return "#" * 17_000_000
