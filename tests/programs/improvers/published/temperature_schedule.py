from concurrent.futures import ThreadPoolExecutor, as_completed

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """From cool to hot, and what is found is valued as it comes in."""
    remaining = lambda: language_model.budget - language_model.times_used
    schedule = [0.3 + 0.3 * step for step in range(remaining())]
    known = {initial_solution: utility(initial_solution)}
    for temperature in schedule:
        best = max(known, key=known.get)
        message = f"Temperature {temperature}:\n```python\n{best}\n```\n\n```python\n{utility.str}\n```"
        answers = language_model.batch_prompt("You are bold.", [message] * 4, temperature)
        with ThreadPoolExecutor(max_workers=4) as executor:
            futures = {executor.submit(utility, code): code for code in extract_code(answers) if code not in known}
            for future in as_completed(futures):
                known[futures[future]] = future.result()
    return max(known, key=known.get)
