"""Beam search: the three best programs known are improved side by side; each call is shared out among them."""

from helpers import extract_code

EXPERTISE = "You are an expert in algorithms who improves Python programs in steps that can be checked."
WIDTH = 3


def question(solution, utility):
    """The prompt for a variation of one program of the beam."""
    return (
        f"Here is one of several programs that are being developed side by side:\n\n```python\n{solution}\n```\n\n"
        f"This is how each will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        "Take it one step further: name the one change that you expect to gain most, in a sentence, "
        "then write the whole improved program in one code block."
    )


def best_few(values):
    """The best programs that work; of equally good ones the newest, so that the beam moves over plateaus."""
    newest_first = [program for program in reversed(values) if values[program] > float("-inf")]
    return sorted(newest_first, key=values.get, reverse=True)[:WIDTH]


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program of a beam search whose depth is the budget of calls."""
    values = {}
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            beam = best_few(values) or [initial_solution]
            n_responses = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            messages = [question(beam[place % len(beam)], utility) for place in range(n_responses)]
            for candidate in extract_code(language_model.batch_prompt(EXPERTISE, messages, temperature=0.7)):
                if candidate not in values:
                    values[candidate] = utility(candidate)
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
