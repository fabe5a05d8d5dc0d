"""Asks for a negative number of answers to nothing."""

# goal: the engine falls
# expect: protocol_violation
# violation: protocol
# control: naive session


def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    request = {"type": "prompt", "id": 99, "expertise": "", "messages": None, "n_responses": -6, "temperature": 0.5}
    channel.send(request)
    channel.receive()
    return initial_solution
