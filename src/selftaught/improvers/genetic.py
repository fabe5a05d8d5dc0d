"""Genetic algorithm: parents win tournaments, the model crosses or mutates them, the fittest survive."""

import random

from helpers import extract_code

EXPERTISE = "You breed programs: you see what is good in two of them and write the child that has both."


def child_question(better, other, utility):
    """The prompt for a child of two programs, or for a mutant where both are the same."""
    second = f"And this is its other parent:\n\n```python\n{other}\n```\n\n" if other != better else ""
    wish = "Join the strengths of both" if second else "Change one thing in it that matters"
    return (
        f"This program is the parent of a new one:\n\n```python\n{better}\n```\n\n{second}"
        f"This is how the new one will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        f"{wish}, and say in a sentence what the child takes over and what is new in it. "
        "Then write the child as a whole program in one code block."
    )


def tournament(population, values):
    """The better of two members drawn at random."""
    return max(random.choices(population, k=2), key=values.get)


def improve_algorithm(initial_solution, utility, language_model):
    """Return the fittest program of a population that is bred for as many generations as there are calls."""
    values, population = {}, [initial_solution]
    size = max(2, language_model.max_responses_per_call)
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            messages = []
            for _ in range(min(language_model.max_responses_per_call, utility.budget - utility.uses)):
                pair = [tournament(population, values), tournament(population, values)]
                better, other = sorted(pair, key=values.get, reverse=True)
                messages.append(child_question(better, other, utility))
            for child in extract_code(language_model.batch_prompt(EXPERTISE, messages, temperature=0.8)):
                if child not in values:
                    values[child] = utility(child)
                    if values[child] > float("-inf"):
                        population.append(child)
            population = sorted(population, key=values.get, reverse=True)[:size]
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
