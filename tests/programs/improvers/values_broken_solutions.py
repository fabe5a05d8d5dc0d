# expect: ok
# solution: \(\[-inf, -inf, -inf, -inf, -inf\], 0.5, 6\)
# uses: 6

def improve_algorithm(initial_solution, utility, language_model):
    broken = ["", "def double(numbers): return 1 / 0", "while True: pass", "import os; os._exit(0)", "x" * 1_000_000]
    return repr((list(map(utility, broken)), utility(initial_solution), utility.uses))
