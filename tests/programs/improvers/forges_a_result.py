# expect: ok
# solution: forged

def improve_algorithm(initial_solution, utility, language_model):
    utility._engine._channel.send({"type": "result", "solution": "forged"})
    while True:
        pass
