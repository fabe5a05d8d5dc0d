# expect: ok
# solution: \(\[0.0, 0.5, 1.0, 0.0, 1.0, 0.5\], \['answer 0 to a', 'answer 0 to b', 'answer 0 to c', 'answer 0 to d'\], 6, 4\)
# calls: 4
# uses: 6

from concurrent.futures import ThreadPoolExecutor

SOLUTIONS = [f"def double(numbers): return [{factor} * number for number in numbers]" for factor in (0, 1, 2, 0, 2, 1)]


def improve_algorithm(initial_solution, utility, language_model):
    with ThreadPoolExecutor() as threads:
        values = list(threads.map(utility, SOLUTIONS))
        answers = list(threads.map(lambda name: language_model.prompt("expert", name)[0], "abcd"))
    return repr((values, answers, utility.uses, language_model.times_used))
