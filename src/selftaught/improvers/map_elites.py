"""MAP-Elites on islands: each keeps the best program of every shape (length, loops); the best migrate in a ring."""

import random

from helpers import extract_code

EXPERTISE = "You are a computer scientist who develops many different good programs for one problem, not only one."


def question(parent, elite, utility):
    """The prompt for a variation of one program, with another one of its island to learn from."""
    second = f"For comparison, the best of its kin:\n\n```python\n{elite}\n```\n\n" if elite != parent else ""
    return (
        f"Develop this program further:\n\n```python\n{parent}\n```\n\n{second}"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        "Keep what is its own, make it better, and say in a sentence how. Write the whole program in one code block."
    )


def cell_of(program):
    """The shape of a program: its length, in powers of two, and how many loops it has."""
    return len(program).bit_length(), min(4, program.count("for ") + program.count("while "))


def place(island, program, values):
    """Puts a program in its cell, unless a program that is as good is there."""
    cell = cell_of(program)
    if cell not in island or values[program] > values[island[cell]]:
        island[cell] = program


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program of a few islands, each with a map of elites."""
    values = {}
    n_responses = language_model.max_responses_per_call
    islands = [{cell_of(initial_solution): initial_solution} for _ in range(max(1, min(4, n_responses // 2)))]
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            homes = [islands[turn % len(islands)] for turn in range(min(n_responses, utility.budget - utility.uses))]
            messages = []
            for home in homes:
                elite = max(home.values(), key=values.get)
                parent = elite if random.random() < 0.5 else random.choice(list(home.values()))
                messages.append(question(parent, elite, utility))
            answers = language_model.batch_prompt(EXPERTISE, messages, temperature=0.7)
            for home, answer in zip(homes, answers, strict=False):
                candidate = extract_code(answer)
                if candidate is not None and candidate not in values:
                    values[candidate] = utility(candidate)
                    if values[candidate] > float("-inf"):
                        place(home, candidate, values)
            if language_model.times_used % 2 == 0:
                migrants = [max(island.values(), key=values.get) for island in islands]
                for island, migrant in zip(islands[1:] + islands[:1], migrants, strict=True):
                    place(island, migrant, values)
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
