# expect: raised
# says: #{500}

def improve_algorithm(initial_solution, utility, language_model):
    utility._engine._channel.send({"type": "failure", "outcome": "raised", "message": "#" * 5_000_000})
