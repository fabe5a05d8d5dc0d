# uses: decomposition 9 13; iteration 13; reflection 13
# The model lists steps, and each step is carried out by a call of its own.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    plan = language_model.prompt("You plan.", f"List steps to improve this, one a line:\n{initial_solution}")[0]
    steps = [line.strip("- ") for line in plan.split("\n") if line.strip()]
    current, value = initial_solution, utility(initial_solution)
    for step in steps[:3]:
        request = f"Carry out this step: {step}\nin this program:\n{current}"
        new = extract_code(language_model.prompt("You carry out plans.", request)[0])
        if new is not None and utility(new) >= value:
            current, value = new, utility(new)
    return current
