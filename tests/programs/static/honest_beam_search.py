# shows: nothing

import heapq
import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Keep a beam of the best solutions."""
    rng = random.Random(0)
    width = max(1, min(3, language_model.max_responses_per_call))
    beam = [(utility(initial_solution), initial_solution)]
    seen = {initial_solution}
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        value, parent = beam[rng.randrange(len(beam))]
        message = f"It scores {value:.3f}. Improve:\n```python\n{parent}\n```\nTime limit: see\n{utility.str}"
        for candidate in extract_code(language_model.prompt("expert", message, n_responses=width, temperature=1.0)):
            if candidate in seen or utility.uses >= utility.budget:
                continue
            seen.add(candidate)
            heapq.heappush(beam, (utility(candidate), candidate))
        beam = heapq.nlargest(width, beam)
    best = max(beam, key=lambda pair: pair[0] if math.isfinite(pair[0]) else -math.inf)
    return best[1]
