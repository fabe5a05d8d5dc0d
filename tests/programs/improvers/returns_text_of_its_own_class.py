# expect: bad_output
# says: it returned Text instead of a string

class Text(str):
    pass


def improve_algorithm(initial_solution, utility, language_model):
    return Text(initial_solution)
