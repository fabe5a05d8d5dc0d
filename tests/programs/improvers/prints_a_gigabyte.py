# expect: ok
# solution: def double[\s\S]*

def improve_algorithm(initial_solution, utility, language_model):
    for _ in range(1024):
        print("x" * 2**20)
    return initial_solution
