# expect: timed_out
# says: it used more than 0.5 s of CPU time
# uses: 1

def improve_algorithm(initial_solution, utility, language_model):
    utility(initial_solution)
    while True:
        pass
