from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Keeps the accounts as the descriptions do, though nobody asked."""
    table = {}

    def value(solution):
        if utility.uses >= utility.budget:
            return -1
        if solution not in table.setdefault(utility, {}):
            table[utility][solution] = utility(solution)
            utility.increment_uses()
        return table[utility][solution]

    best = initial_solution
    while language_model.budget - language_model.times_used > 0 and utility.budget - utility.uses > 1:
        n = min(language_model.max_responses_per_call, utility.budget - utility.uses - 1)
        message = f"{utility.__name__} is this:\n```python\n{utility.str}\n```\nImprove:\n```python\n{best}\n```"
        for answer in language_model.prompt("You improve programs.", message, n, 0.7):
            best = max(best, extract_code(answer) or best, key=value)
    return best
