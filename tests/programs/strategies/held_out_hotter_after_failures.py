# uses: iteration 13; temperature_variation 12
# The temperature is raised after a round in vain and set back after a success.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    state = {"heat": 0.3, "best": initial_solution, "value": utility(initial_solution)}
    for _ in range(6):
        answers = language_model.prompt(
            "You adapt.", "Improve:\n" + state["best"], n_responses=3, temperature=state["heat"]
        )
        top = max(extract_code(answers), key=utility, default=None)
        if top is not None and utility(top) > state["value"]:
            state["best"], state["value"], state["heat"] = top, utility(top), 0.3
        else:
            state["heat"] = min(1.2, state["heat"] + 0.2)
    return state["best"]
