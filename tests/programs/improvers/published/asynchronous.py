import asyncio

from helpers import extract_code


async def evaluate_all(programs, utility):
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*(loop.run_in_executor(None, utility, program) for program in programs))


def improve_algorithm(initial_solution, utility, language_model):
    """Everything at once, by coroutines."""
    message = f"```python\n{initial_solution}\n```\nshould score better:\n```python\n{utility.str}\n```"
    answers = language_model.batch_prompt("You are an expert.", (message,) * 6, temperature=1.0)
    programs = [initial_solution] + extract_code(answers)
    values = asyncio.run(evaluate_all(programs, utility))
    return programs[values.index(max(values))]
