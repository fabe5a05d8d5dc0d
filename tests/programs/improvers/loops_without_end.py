# expect: timed_out
# says: it used more than 0.5 s of CPU time

def improve_algorithm(initial_solution, utility, language_model):
    while True:
        pass
