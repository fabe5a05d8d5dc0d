import math
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class Arm:
    hint: str
    rewards: list = field(default_factory=list)

    def bound(self, n_pulls):
        if not self.rewards:
            return float("inf")
        return sum(self.rewards) / len(self.rewards) + math.sqrt(2 * math.log(n_pulls + 1) / len(self.rewards))


ARMS = ["Use another data structure.", "Vectorise it.", "Keep what was computed.", "Try several starts."]


def improve_algorithm(initial_solution, utility, language_model):
    """Upper confidence bounds choose the hint of each call."""
    arms = [Arm(hint) for hint in ARMS]
    best = (utility(initial_solution), initial_solution)
    for pull in range(language_model.budget - language_model.times_used):
        arm = max(arms, key=lambda arm: arm.bound(pull))
        message = f"{arm.hint}\n```python\n{best[1]}\n```\nThe utility:\n```python\n{utility.str}\n```"
        answers = language_model.prompt("You are a careful engineer.", message, 3, 0.7)
        values = [(utility(code), code) for code in extract_code(answers) if utility.uses < utility.budget]
        arm.rewards.append(float(bool(values) and max(values)[0] > best[0]))
        best = max([best, *values])
    return best[1]
