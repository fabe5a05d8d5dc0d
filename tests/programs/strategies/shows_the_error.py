# uses: feedback 11; iteration 11
# The prompt tells with which error the last candidate failed.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_value, complaint = initial_solution, utility(initial_solution), "none"
    for _ in range(5):
        message = f"Improve:\n{best}\nThe last try failed with: {complaint}\n{utility.str}"
        code = extract_code(language_model.prompt("You debug.", message)[0])
        try:
            exec(compile(code, "candidate", "exec"), {})
            value = utility(code)
        except Exception as error:
            complaint = f"{type(error).__name__}: {error}"
            continue
        if value > best_value:
            best, best_value = code, value
    return best
