"""Gives many requests the same number, so that answers are confused."""

# goal: exceeds a budget
# expect: ok
# violation: budget
# control: naive session


def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    for _ in range(10):
        channel.send({"type": "utility", "id": 1, "solution": initial_solution})
    for _ in range(10):
        channel.receive()
    return initial_solution
