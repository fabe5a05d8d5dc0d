from multiprocessing.dummy import Pool
from multiprocessing.pool import ThreadPool

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Values with the two thread pools of `multiprocessing`."""
    message = f"A faster one:\n```python\n{initial_solution}\n```\nJudge:\n```python\n{utility.str}\n```"
    codes = extract_code(language_model.batch_prompt("You are an expert.", [message] * 6, temperature=0.6))
    with ThreadPool(processes=3) as pool:
        values = pool.map(utility, codes)
    pool = Pool()
    again = pool.map(utility, codes)
    pool.close()
    pool.join()
    assert again == values
    ranked = sorted(zip(values, codes), reverse=True)
    return ranked[0][1] if ranked else initial_solution
