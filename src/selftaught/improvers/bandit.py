"""Bandit: several prompts compete for the answers (UCB1); a prompt is worth how its programs rank among those known."""

import math

from helpers import extract_code

EXPERTISE = "You are a programmer of wide experience who follows a hint to its end before judging it."
HINTS = [
    "Tune it: change numbers, thresholds and weights to where you expect the best balance.",
    "Look for what it ignores: which of its arguments, or what can be computed from them, should matter too?",
    "Replace the method: which algorithm of the textbooks fits this problem better?",
    "Let it search: make several answers, compare them by what decides the value, and keep the best.",
    "Polish its result: repair or improve what it returns by small changes until none helps.",
    "Simplify it: take out what does not earn its place, and mend what is then left bare.",
]


def question(solution, hint, utility):
    """The prompt with one of the hints."""
    return (
        f"Improve this program:\n\n```python\n{solution}\n```\n\n"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        f"{hint}\n\nSay in a sentence how you follow this, then write the whole improved program in one code block."
    )


def most_promising(rewards, n_plays):
    """The index of the hint with the highest upper confidence bound; those never played come first."""
    total = sum(n_plays)

    def bound(arm):
        mean = sum(rewards[arm]) / max(1, len(rewards[arm]))
        return mean + math.sqrt(2 * math.log(total) / n_plays[arm]) if n_plays[arm] else math.inf

    return max(range(len(n_plays)), key=bound)


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program found by improving the best one with the hints that have served best."""
    values, rewards, n_plays = {}, [[] for _ in HINTS], [0 for _ in HINTS]
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            best, arms = max(values, key=values.get), []
            for _ in range(min(language_model.max_responses_per_call, utility.budget - utility.uses)):
                arms.append(most_promising(rewards, n_plays))
                n_plays[arms[-1]] += 1  # at once: an answer that is awaited makes the bound narrower already
            messages = [question(best, HINTS[arm], utility) for arm in arms]
            answers = language_model.batch_prompt(EXPERTISE, messages, temperature=0.7)
            for arm, answer in zip(arms, answers, strict=False):
                candidate = extract_code(answer)
                is_new = candidate is not None and candidate not in values
                if is_new:
                    values[candidate] = utility(candidate)
                n_beaten = sum(values[candidate] > value for value in values.values()) if is_new else 0
                rewards[arm].append(n_beaten / len(values))
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
