# expect: ok
# solution: \{'type': 'refusal', 'id': 99, 'kind': 'interface', 'message': 'a call may have 1 to 6 responses, not 1000'\}

def improve_algorithm(initial_solution, utility, language_model):
    channel = utility._engine._channel
    request = {"type": "prompt", "id": 99, "expertise": "", "messages": ["m"] * 1000, "n_responses": 1, "temperature": 0.5}
    channel.send(request)
    return repr(channel.receive())
