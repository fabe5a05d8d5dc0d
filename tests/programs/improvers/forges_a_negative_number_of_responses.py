# expect: ok
# solution: 'interface'

def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    request = {"type": "prompt", "id": 99, "expertise": "", "messages": [], "n_responses": -6, "temperature": 0.5}
    channel.send(request)
    return repr(channel.receive()["kind"])
