from typing import List, Tuple

import helpers


def ask(language_model, beam: List[str], description: str) -> List[str]:
    width = language_model.max_responses_per_call
    batch = (
        f"Program:\n```python\n{beam[place % len(beam)]}\n```\nScore:\n```python\n{description}\n```\nImprove it."
        for place in range(width)
    )
    return language_model.batch_prompt("You are an expert in heuristic search.", batch, temperature=0.8)


def improve_algorithm(initial_solution, utility, language_model):
    """Beam search: the best three go on, for as many calls as there are."""
    beam: List[Tuple[float, str]] = [(utility(initial_solution), initial_solution)]
    while language_model.times_used < language_model.budget:
        codes = helpers.extract_code(ask(language_model, [program for _, program in beam], utility.str))
        for code in codes:
            if utility.uses >= utility.budget:
                break
            beam.append((utility(code), code))
        beam = sorted(beam, key=lambda pair: -pair[0])[:3]
        print("beam:", [round(value, 3) for value, _ in beam])
    return beam[0][1]
