# uses: caching 17 19; iteration 16; tree_search 14 20
# Programs wait in a queue; the oldest is expanded next. What was seen before is left out.

from collections import deque

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    queue, seen, values = deque([initial_solution]), {initial_solution}, {}
    for _ in range(5):
        if not queue:
            break
        program = queue.popleft()
        values[program] = utility(program)
        for child in extract_code(language_model.prompt("You branch.", f"Other ways:\n{program}", 3)):
            if child not in seen:
                seen.add(child)
                values[child] = utility(child)
                queue.append(child)
    return max(values, key=values.get)
