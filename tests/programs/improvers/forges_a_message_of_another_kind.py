# expect: protocol_violation
# says: it sent what is no message of the protocol: .*
# violations: protocol

def improve_algorithm(initial_solution, utility, language_model):
    utility._engine._channel.send({"type": "scores", "scores": [1.0], "rejected": None})
    return initial_solution
