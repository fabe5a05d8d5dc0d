# uses: iteration 18; temperature_variation 18
# The sampling temperature falls with every call that is made.

from helpers import extract_code


class Improver:
    def __init__(self, utility, model):
        self.utility, self.model = utility, model

    @property
    def heat(self):
        return 1.0 - 0.8 * self.model.times_used / self.model.budget

    def run(self, program):
        best = program
        for _ in range(4):
            answers = self.model.prompt("You cool down.", f"Improve:\n{best}", 3, self.heat)
            best = max([best] + extract_code(answers), key=self.utility)
        return best


def improve_algorithm(initial_solution, utility, language_model):
    return Improver(utility, language_model).run(initial_solution)
