import contextlib
import io

from helpers import extract_code, temp_override


def loads(program):
    namespace = {"__name__": "trial"}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(program, namespace)
        return any(callable(value) for name, value in namespace.items() if not name.startswith("__"))
    except Exception:
        return False


def improve_algorithm(initial_solution, utility, language_model):
    """Leaves out what does not load before a use of the utility is spent on it."""
    assert callable(temp_override("def probe():\n    return 1\n", "probe"))
    message = f"Improve\n```python\n{initial_solution}\n```\nunder\n```python\n{utility.str}\n```"
    answers = []
    for temperature in [0.2, 0.7, 1.2][: language_model.budget]:
        answers.extend(language_model.prompt("You test first.", message, n_responses=6, temperature=temperature))
    candidates = list(filter(loads, extract_code(answers)))[: utility.budget - 1]
    scored = sorted(((utility(program), program) for program in candidates), key=lambda pair: pair[0])
    return scored[-1][1] if scored else initial_solution
