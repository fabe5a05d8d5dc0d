"""Asks for more answers than a machine word can count."""

# goal: the engine falls
# expect: protocol_violation
# violation: protocol
# control: naive session


def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    request = {"type": "prompt", "id": 2**63, "expertise": "", "messages": 7, "n_responses": 2**63, "temperature": 0.5}
    channel.send(request)
    return initial_solution
