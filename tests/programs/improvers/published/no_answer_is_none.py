from helpers import extract_code


class Improver:
    def __init__(self, utility, language_model):
        self.utility, self.language_model = utility, language_model

    def step(self, solution):
        message = f"```python\n{solution}\n```\nEvery second answer may be talk.\n```python\n{self.utility.str}\n```"
        answers = self.language_model.prompt("You talk.", message, n_responses=3) + ["no program in here"]
        return max([solution] + [extract_code(answer) for answer in answers], key=self.utility)


def improve_algorithm(initial_solution, utility, language_model):
    """Values what `extract_code` gives, None as well: the released utility takes it, and does not count it."""
    improver = Improver(utility, language_model)
    solution = initial_solution
    for _ in range(3):
        solution = improver.step(solution)
    return solution
