# violations: budget
import heapq
import random
from functools import lru_cache

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Mostly from the best, sometimes from any."""
    value_of = lru_cache(maxsize=None)(utility)
    heap = [(-value_of(initial_solution), initial_solution)]
    epsilon = 0.5
    try:
        while True:
            start = random.choice(heap) if random.random() < epsilon else heap[0]
            message = f"```python\n{start[1]}\n```\nmakes {-start[0]} of\n```python\n{utility.str}\n```\nDo better."
            for answer in language_model.prompt(message=message, expertise="You program.", n_responses=5):
                code = extract_code(answer)
                if code is not None:
                    heapq.heappush(heap, (-value_of(code), code))
            epsilon *= 0.7
    except Exception as spent:
        print("done:", spent)
    return heapq.nsmallest(1, heap)[0][1]
