"""Temperature: improves the best program; the sampling temperature falls after a success and rises after a failure."""

from helpers import extract_code

EXPERTISE = "You are a researcher in algorithms with a sense for what is worth trying next."
LOWEST, FIRST, HIGHEST = 0.2, 0.6, 1.0


def question(solution, utility):
    """The prompt, the same at every temperature."""
    return (
        f"Improve this program:\n\n```python\n{solution}\n```\n\n"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        "Say in a sentence what you try, then write the whole improved program in one code block."
    )


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program found by improving the best one, closely after a success and boldly after a failure."""
    values, temperature = {}, FIRST
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            best = max(values, key=values.get)
            n_responses = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            answers = language_model.prompt(EXPERTISE, question(best, utility), n_responses, temperature)
            for candidate in extract_code(answers):
                if candidate not in values:
                    values[candidate] = utility(candidate)
            is_better = max(values.values()) > values[best]
            temperature = max(LOWEST, temperature - 0.2) if is_better else min(HIGHEST, temperature + 0.2)
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
