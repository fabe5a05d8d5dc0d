# expect: ok
# solution: done
# calls: any
# violations: any

def improve_algorithm(initial_solution, utility, language_model):
    request = {"type": "prompt", "expertise": "", "messages": ["m"], "n_responses": 1, "temperature": 0.5}
    for number in range(500):
        language_model._engine._channel.send({**request, "id": number})
    return "done"
