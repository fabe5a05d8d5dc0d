# expect: ok
# solution: def double\(numbers\):\n    return \[number for number in numbers\]\n

def improve_algorithm(initial_solution, utility, language_model):
    return initial_solution
