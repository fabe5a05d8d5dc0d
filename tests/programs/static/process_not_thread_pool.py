# shows: nothing

import multiprocessing.dummy
from concurrent.futures import ThreadPoolExecutor, as_completed


def improve_algorithm(initial_solution, utility, language_model):
    with ThreadPoolExecutor(max_workers=4) as pool:
        asked = [pool.submit(language_model.prompt, "expert", initial_solution) for _ in range(4)]
        return max((done.result()[0] for done in as_completed(asked)), key=utility)
