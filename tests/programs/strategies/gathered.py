# uses: iteration 10; parallel_calls 10 16
# Coroutines ask and value at the same time.

import asyncio

from helpers import extract_code


async def attempt(program, utility, model):
    answers = await asyncio.to_thread(model.prompt, "You improve.", f"Improve:\n{program}", 2)
    return max(extract_code(answers), key=utility, default=program)


async def search(program, utility, model):
    for _ in range(2):
        found = await asyncio.gather(*(attempt(program, utility, model) for _ in range(3)))
        program = max([program, *found], key=utility)
    return program


def improve_algorithm(initial_solution, utility, language_model):
    return asyncio.run(search(initial_solution, utility, language_model))
