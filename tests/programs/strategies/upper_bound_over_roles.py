# uses: bandit 20 21; iteration 33; prompt_variety 32
# Roles compete by an upper confidence bound that a class keeps.

import math

from helpers import extract_code

ROLES = ["You are a mathematician.", "You are a systems programmer.", "You are a teacher of algorithms."]


class Arms:
    def __init__(self, n):
        self.pulls, self.gains = [0] * n, [0.0] * n

    def pick(self):
        for arm, count in enumerate(self.pulls):
            if count == 0:
                return arm
        total = sum(self.pulls)
        bounds = [g / n + math.sqrt(2 * math.log(total) / n) for g, n in zip(self.gains, self.pulls)]
        return bounds.index(max(bounds))

    def learn(self, arm, gain):
        self.pulls[arm] += 1
        self.gains[arm] += gain


def improve_algorithm(initial_solution, utility, language_model):
    arms, best, best_value = Arms(len(ROLES)), initial_solution, utility(initial_solution)
    for _ in range(8):
        arm = arms.pick()
        role = ROLES[arm]
        code = extract_code(language_model.prompt(role, f"Improve:\n{best}\n{utility.str}")[0])
        value = utility(code) if code else best_value
        arms.learn(arm, max(0.0, value - best_value))
        if value > best_value:
            best, best_value = code, value
    return best
