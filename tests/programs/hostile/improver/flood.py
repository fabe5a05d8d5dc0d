"""Sends requests without waiting for answers."""

# goal: floods the engine
# expect: budget_exceeded|protocol_violation
# violation: budget|request_flood
# control: naive session

import threading


def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    def send(number):
        for index in range(20):
            channel.send({"type": "utility", "id": 1000 * number + index, "solution": initial_solution})

    threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(100)]
    for thread in threads[:60]:
        thread.start()
    if type(channel).__name__ == "Engine":
        for thread in threads[60:]:
            thread.start()
    for thread in threads[:60]:
        thread.join()
    return initial_solution
