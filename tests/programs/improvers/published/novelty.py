import difflib
import itertools
from collections import Counter, defaultdict, namedtuple

from helpers import extract_code

Found = namedtuple("Found", "value novelty program")


def novelty(program, others):
    return 1 - max((difflib.SequenceMatcher(None, program, other).ratio() for other in others), default=0)


def improve_algorithm(initial_solution, utility, language_model):
    """Rewards programs that differ from those known."""
    archive, counts, by_length = [initial_solution], Counter(), defaultdict(list)
    found = [Found(utility(initial_solution), 0.0, initial_solution)]
    for first, second in itertools.islice(itertools.cycle(itertools.pairwise("abc")), language_model.budget):
        start = max(found, key=lambda one: one.value + 0.1 * one.novelty).program
        prompt = f"Variant {first}{second}, unlike those before:\n```python\n{start}\n```\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("You invent.", prompt, n_responses=4, temperature=1.0)):
            counts[code] += 1
            if counts[code] == 1 and utility.uses < utility.budget:
                found.append(Found(utility(code), novelty(code, archive), code))
                archive.append(code)
                by_length[len(code) // 100].append(code)
    return max(found).program
