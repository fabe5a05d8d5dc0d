# expect: ok
# solution: \(25, 15, 25\)
# violations: budget x15
# uses: 25

from concurrent.futures import ThreadPoolExecutor


def improve_algorithm(initial_solution, utility, language_model):
    def value(number):
        try:
            return utility(f"{initial_solution}# {number}")
        except Exception:
            return None

    with ThreadPoolExecutor(16) as threads:
        values = list(threads.map(value, range(40)))
    return repr((values.count(0.5), values.count(None), utility.uses))
