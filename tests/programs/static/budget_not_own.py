# shows: nothing

class Search:
    def __init__(self, budget):
        self.budget = budget
        self.uses = 0

    def step(self):
        self.uses += 1
        self.budget -= 1


def improve_algorithm(initial_solution, utility, language_model):
    search = Search(budget=utility.budget - utility.uses)
    search.step()
    search.budget = 5
    budget = language_model.budget
    budget -= 1
    return initial_solution
