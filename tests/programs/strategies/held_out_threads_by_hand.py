# uses: best_of_n 21; parallel_calls 16
# Threads are started by hand, each with a question of its own.

import threading

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    results = []

    def work(number):
        message = f"Attempt {number}. Improve:\n{initial_solution}\n{utility.str}"
        results.extend(extract_code(language_model.prompt("You work alone.", message, 2)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max([initial_solution, *results], key=utility)
