"""Best of n: the seed improver's prompt, asked as often as the budget allows; the best of all answers."""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best of as many proposals as the budgets allow."""
    expertise = "You are a researcher in computer science who writes fast and correct Python."
    message = f"""Improve this program:

```python
{initial_solution}
```

This is how it will be judged; a higher value is better:

````text
{utility.str}
````

Think of one promising idea, say it in a sentence, then write the whole improved program in one code block."""
    best_solution, best_value = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        answers = language_model.prompt(
            expertise, message, n_responses=language_model.max_responses_per_call, temperature=0.7
        )
        for candidate in extract_code(answers):
            if utility.uses >= utility.budget:
                return best_solution
            value = utility(candidate)
            if value > best_value:
                best_solution, best_value = candidate, value
    return best_solution
