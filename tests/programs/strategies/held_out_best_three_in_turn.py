# uses: beam_search 12 13; budget_awareness 11; iteration 14; population 12 13
# The three best are each improved once per round, by a batch of prompts.

import heapq

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    scored = [(utility(initial_solution), initial_solution)]
    while language_model.times_used < language_model.budget:
        top = heapq.nlargest(3, scored)
        batch = [f"Improve this program:\n{code}\n{utility.str}" for _, code in top]
        for answer in language_model.batch_prompt("You improve all alike.", batch, temperature=0.6):
            code = extract_code(answer)
            if code:
                scored.append((utility(code), code))
    return heapq.nlargest(1, scored)[0][1]
