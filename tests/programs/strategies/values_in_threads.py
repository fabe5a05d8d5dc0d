# uses: best_of_n 14; parallel_calls 13
# Programs are valued by a pool of threads.

from concurrent.futures import ThreadPoolExecutor as Pool

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    answers = language_model.prompt("You are inventive.", f"Improve:\n{initial_solution}\n{utility.str}", n_responses=6)
    programs = [initial_solution] + extract_code(answers)
    with Pool(max_workers=4) as pool:
        values = list(pool.map(utility, programs))
    return max(zip(values, programs))[1]
