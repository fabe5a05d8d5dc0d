"""Tree of thoughts: depth-first over ideas, the best child first; where no idea gains anything, it backtracks."""

from helpers import extract_code

EXPERTISE = "You are a computer scientist who improves programs idea by idea, and knows when to turn back."
MOST_CHILDREN = 3


def next_step_question(solution, steps, in_vain, utility):
    """The prompt for the next step from a program, with the steps that led to it and those that led nowhere."""
    return (
        f"This program is to be improved, one idea at a time:\n\n```python\n{solution}\n```\n\n"
        f"Ideas that it is made of:\n{listed(steps)}\n\nIdeas that were tried from here and gained nothing:\n"
        f"{listed(in_vain[-8:])}\n\n"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        "State the next idea in one sentence, one that is not in these lists and may lead further. "
        "Then write the whole program with this idea carried out, in one code block."
    )


def listed(ideas):
    """Ideas as lines of a list."""
    return "\n".join(f"- {idea}" for idea in ideas) or "- none so far"


def idea_in(answer):
    """What an answer says before its program."""
    return " ".join(answer.split("```")[0].split())[:200] or "an idea that was not named"


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program of a tree in which every node is a program and every edge an idea."""
    values, steps, in_vain, waiting = {}, {initial_solution: []}, {initial_solution: []}, []
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            node = waiting.pop() if waiting else max(values, key=values.get)
            message = next_step_question(node, steps[node], in_vain[node], utility)
            n_responses = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            children = []
            for answer in language_model.prompt(EXPERTISE, message, n_responses, 0.8):
                child, idea = extract_code(answer), idea_in(answer)
                if child is None or child in values:
                    continue
                values[child], steps[child], in_vain[child] = utility(child), [*steps[node], idea], []
                if values[child] > values[node]:
                    children.append(child)
                else:
                    in_vain[node].append(idea)
            waiting += sorted(children, key=values.get)[-MOST_CHILDREN:]
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
