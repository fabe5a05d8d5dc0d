"""Simulated annealing: goes on from a worse program now and then, ever more rarely as the calls are used up."""

import math
import random
import statistics

from helpers import extract_code

EXPERTISE = "You are an expert in algorithms. You vary Python programs boldly and write them without errors."


def question(solution, utility):
    """The prompt for a neighbour of the program at hand."""
    return (
        f"Vary this program:\n\n```python\n{solution}\n```\n\n"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        "Change one part of it in a way that could raise its value, and leave the rest as it is. "
        "Say in a sentence what you change, then write the whole program in one code block."
    )


def is_accepted(gain, losses, progress):
    """Whether to go on from a neighbour: always if it is no worse, else by chance (Metropolis).

    The heat is half the usual loss of a neighbour at first, so that no scale of values has to be known, and sinks to 0.
    """
    if gain >= 0:
        return True
    heat = 0.5 * statistics.median(losses) * (1 - progress)
    return heat > 0 and random.random() < math.exp(gain / heat)


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program that a walk came by whose every step is the best neighbour of one call."""
    values, losses, current = {}, [], initial_solution
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            progress = language_model.times_used / language_model.budget
            n_responses = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            answers = language_model.prompt(EXPERTISE, question(current, utility), n_responses, temperature=0.7)
            neighbours = [program for program in dict.fromkeys(extract_code(answers)) if program not in values]
            for program in neighbours:
                values[program] = utility(program)
                if float("-inf") < values[program] < values[current]:
                    losses.append(values[current] - values[program])
            neighbour = max(neighbours, key=values.get, default=current)
            if values[neighbour] > float("-inf") and is_accepted(values[neighbour] - values[current], losses, progress):
                current = neighbour
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
