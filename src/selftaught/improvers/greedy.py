"""Greedy iteration: every call asks for an improvement of the best solution so far."""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best solution found by improving the best one again and again."""
    expertise = "You are a researcher in computer science who writes fast and correct Python."
    best_solution, best_value = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        message = f"""Improve this program:

```python
{best_solution}
```

This is how it will be judged; a higher value is better:

````text
{utility.str}
````

Think of one promising idea, say it in a sentence, then write the whole improved program in one code block."""
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
