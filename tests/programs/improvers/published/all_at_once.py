from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """One call, all of its responses, the best of them."""
    expertise = "You write fast, correct Python."
    request = f"A better version of this program, please:\n```python\n{initial_solution}\n```\nIt is judged by:\n```python\n{utility.str}\n```"
    n_messages = min(language_model.max_responses_per_call, utility.budget)
    found = extract_code(language_model.batch_prompt(expertise, [request] * n_messages, temperature=0.7))
    return max([initial_solution] + found, key=utility)
