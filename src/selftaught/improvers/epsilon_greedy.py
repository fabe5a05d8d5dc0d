"""Epsilon-greedy: mostly improves the best program; with a chance that sinks, any other one, and by a new idea."""

import random

from helpers import extract_code

EXPERTISE = "You are an inventive computer scientist who writes Python that works at the first try."


def question(solution, explores, utility):
    """The prompt for a step from the best program, or for an excursion from another."""
    wish = (
        "Leave the beaten track: say in a sentence an idea that this program does not contain yet, however unusual"
        if explores
        else "This is the best so far: say in a sentence where it still loses, and how a small change makes up for it"
    )
    return (
        f"Improve this program:\n\n```python\n{solution}\n```\n\n"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        f"{wish}. Then write the whole program in one code block."
    )


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best of a population that is grown from its best member, or by chance from any."""
    values, population = {}, [initial_solution]
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            epsilon = 0.5 - 0.4 * language_model.times_used / language_model.budget
            messages = []
            for _ in range(min(language_model.max_responses_per_call, utility.budget - utility.uses)):
                explores = random.random() < epsilon
                parent = random.choice(population) if explores else max(population, key=values.get)
                messages.append(question(parent, explores, utility))
            for candidate in extract_code(language_model.batch_prompt(EXPERTISE, messages, temperature=0.7)):
                if candidate not in values:
                    values[candidate] = utility(candidate)
                    if values[candidate] > float("-inf"):
                        population.append(candidate)
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
