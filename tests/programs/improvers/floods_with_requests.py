# expect: protocol_violation
# says: it had more than 64 requests in flight
# violations: request_flood
# uses: any
# budget: 4 6 1000

def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    for number in range(10_000):
        channel.send({"type": "utility", "id": number, "solution": f"while {number + 1}: pass"})
    return initial_solution
