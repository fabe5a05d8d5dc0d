import math
import random

import numpy as np
from helpers import extract_code


def acceptance(loss, heat):
    return 1.0 if loss <= 0 else math.exp(-loss / max(heat, 1e-9))


def improve_algorithm(initial_solution, utility, language_model):
    """Simulated annealing; heat is also the sampling temperature."""
    current, best = initial_solution, initial_solution
    current_value = best_value = utility(initial_solution)
    for heat in np.geomspace(1.0, 0.2, num=language_model.budget):
        n = np.int64(min(language_model.max_responses_per_call, utility.budget - utility.uses))
        if n < 1:
            break
        answers = language_model.prompt(
            "You optimise numerical code.",
            f"Change this program a little:\n```python\n{current}\n```\nScore:\n```python\n{utility.str}\n```",
            n_responses=n,
            temperature=heat,
        )
        neighbours = np.array([code for code in map(extract_code, answers) if code] or [current])
        neighbour = np.random.choice(neighbours)
        value = utility(neighbour)
        if random.random() < acceptance(current_value - value, heat):
            current, current_value = neighbour, value
        if value > best_value:
            best, best_value = neighbour, value
    return best
