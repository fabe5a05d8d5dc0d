"""Decomposition: one function of the program is improved at a time and put back in its place; the best goes on."""

import ast

from helpers import extract_code

EXPERTISE = "You are a software engineer who takes a program apart, improves one part, and keeps the others whole."


def question(solution, part, utility):
    """The prompt for one part of a program, or for taking it apart where it is all of one piece."""
    wish = "Give every step that could be done in another way a function of its own, do one better, and write it whole"
    if part:
        wish = f"Do the work of the function `{part}` better, and write this function alone, to be put in its old place"
    return (
        f"This program is improved part by part:\n\n```python\n{solution}\n```\n\n"
        f"This is how the whole will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        f"{wish}, in one code block. Before it, say in a sentence what is better now."
    )


def functions_of(program):
    """The syntax nodes of a program's functions by name; none if it is not Python."""
    try:
        return {node.name: node for node in ast.parse(program).body if isinstance(node, ast.FunctionDef)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def put_in_place(program, part, answer):
    """The program with an answer in the place of a part; an answer that is a whole program stays as it is."""
    old, new = functions_of(program), functions_of(answer)
    if part not in new or set(old) <= set(new):
        return answer
    first, lines = min(node.lineno for node in [old[part], *old[part].decorator_list]), program.split("\n")
    return "\n".join([*lines[: first - 1], answer.strip("\n"), *lines[old[part].end_lineno :]])


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program found by improving the parts of the best one in turn."""
    values = {}
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            best = max(values, key=values.get)
            parts = list(functions_of(best))
            n_responses = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            turns = range(language_model.times_used, language_model.times_used + n_responses)
            asked = [parts[turn % len(parts)] if len(parts) > 1 else "" for turn in turns]
            messages = [question(best, part, utility) for part in asked]
            answers = language_model.batch_prompt(EXPERTISE, messages, temperature=0.7)
            for part, answer in zip(asked, answers, strict=False):
                code = extract_code(answer)
                candidate = best if code is None else put_in_place(best, part, code)
                if candidate not in values:
                    values[candidate] = utility(candidate)
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
