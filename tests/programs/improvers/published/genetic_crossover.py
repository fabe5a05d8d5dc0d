import random
from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


class Population:
    def __init__(self, utility):
        self.utility = utility
        self.members = {}

    def add(self, programs):
        room = self.utility.budget - self.utility.uses
        new = [program for program in dict.fromkeys(programs) if program not in self.members][:room]
        with ThreadPoolExecutor() as executor:
            self.members.update(zip(new, executor.map(self.utility, new)))

    def fittest(self, n):
        return sorted(self.members, key=self.members.get, reverse=True)[:n]


def crossover_prompt(first, second, description):
    return f"Combine the strengths of two programs.\n```python\n{first}\n```\n```python\n{second}\n```\nJudged by:\n```python\n{description}\n```"


def improve_algorithm(initial_solution, utility, language_model):
    """A genetic algorithm whose crossover is a prompt."""
    population = Population(utility)
    population.add([initial_solution])
    for _generation in range(language_model.budget):
        parents = population.fittest(4)
        prompts = [
            crossover_prompt(random.choice(parents), random.choice(parents), utility.str)
            for _ in range(language_model.max_responses_per_call)
        ]
        population.add(extract_code(language_model.batch_prompt("You breed programs.", prompts, temperature=0.9)))
    return population.fittest(1)[0]
