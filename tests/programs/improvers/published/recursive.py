import re

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model, depth=2):
    """Improves what it has improved, by calling itself."""
    if depth == 0 or language_model.times_used >= language_model.budget:
        return initial_solution
    [answer] = language_model.prompt(
        "You are patient.", f"```python\n{initial_solution}\n```\nStep {depth}. Judge:\n```python\n{utility.str}\n```"
    )
    code = extract_code(answer)
    idea = re.sub(r"\s+", " ", answer.split("```")[0]).strip()
    print(depth, idea)
    better = code if utility(code) >= utility(initial_solution) else initial_solution
    return improve_algorithm(better, utility, language_model, depth - 1)
