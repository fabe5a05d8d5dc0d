"""Gives a number where a solution is awaited."""

# goal: the engine falls
# expect: protocol_violation
# violation: protocol
# control: naive session


def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    channel.send({"type": "utility", "id": 1, "solution": 5})
    return initial_solution
