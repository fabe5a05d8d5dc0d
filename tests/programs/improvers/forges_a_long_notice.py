# expect: ok
# solution: def double[\s\S]*
# violations: read_only_view

def improve_algorithm(initial_solution, utility, language_model):
    utility._engine._channel.send({"type": "violation", "kind": "read_only_view", "detail": "#" * 5_000_000})
    return initial_solution
