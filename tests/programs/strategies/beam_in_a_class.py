# uses: beam_search 18; iteration 14; population 18
# A beam search by methods, with attributes in place of variables.

from helpers import extract_code


class Search:
    def __init__(self, ask, worth, start, width=3):
        self.ask, self.worth, self.width = ask, worth, width
        self.front = [start]

    def expand(self, program):
        text = "Take this a step further:\n" + program
        return extract_code(self.ask("You go step by step.", text, n_responses=3))

    def step(self):
        offspring = [child for program in self.front for child in self.expand(program)]
        self.front = sorted(self.front + offspring, key=self.worth, reverse=True)[: self.width]


def improve_algorithm(initial_solution, utility, language_model):
    search = Search(language_model.prompt, utility, initial_solution)
    for _ in range(3):
        search.step()
    return search.front[0]
