# expect: protocol_violation
# says: it sent what is no message of the protocol: Expected `str`, got `int` .*
# violations: protocol

def improve_algorithm(initial_solution, utility, language_model):
    utility._engine._channel.send({"type": "utility", "id": 1, "solution": 5})
    return initial_solution
