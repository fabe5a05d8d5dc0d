"""Chain of thought: every answer reasons step by step before it writes its program; the best of all answers."""

from helpers import extract_code

EXPERTISE = "You are a careful computer scientist: you reason in small steps, and only then write Python."


def reasoned_question(solution, utility):
    """The prompt that asks for the reasoning first and the program last."""
    return (
        f"Improve this program:\n\n```python\n{solution}\n```\n\n"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        "Write no code before you have answered these, in a sentence or two each:\n"
        "- What does the program do, and what decides its value?\n"
        "- Where does it lose most, and why there?\n"
        "- Which few changes could mend that, and what may each of them break?\n"
        "- Which one promises most within the limits?\n"
        "- What happens on a small input, gone through by hand, with this change made?\n\n"
        "Only then write the whole improved program, in the only code block of your answer."
    )


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best of as many reasoned proposals as the budgets allow."""
    values = {}
    message = reasoned_question(initial_solution, utility)
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            n_responses = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            answers = language_model.prompt(EXPERTISE, message, n_responses=n_responses, temperature=0.7)
            for candidate in extract_code(answers):
                if candidate not in values:
                    values[candidate] = utility(candidate)
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
