# shows: budget

class Search:
    def __init__(self, utility, language_model):
        self.utility = utility
        self.language_model = language_model

    def more(self):
        self.language_model.budget = 100
        return self


def improve_algorithm(initial_solution, utility, language_model):
    Search(utility, language_model).more()
    return initial_solution
