# uses: bandit 17 26; iteration 27; tree_search 29 30
# A Monte Carlo tree search over programs.

import math

from helpers import extract_code


class Node:
    def __init__(self, program, parent=None):
        self.program, self.parent, self.children = program, parent, []
        self.visits, self.total = 0, 0.0

    def bound(self):
        if self.visits == 0:
            return math.inf
        return self.total / self.visits + 1.4 * math.sqrt(math.log(self.parent.visits) / self.visits)


def improve_algorithm(initial_solution, utility, language_model):
    root = Node(initial_solution)
    best, best_value = initial_solution, utility(initial_solution)
    for _ in range(6):
        node = root
        while node.children:
            node = max(node.children, key=Node.bound)
        answers = language_model.prompt("You go on.", f"Improve:\n{node.program}", n_responses=3)
        for code in extract_code(answers):
            child = Node(code, node)
            node.children.append(child)
            value = utility(code)
            if value > best_value:
                best, best_value = code, value
            while child is not None:
                child.visits += 1
                child.total += value
                child = child.parent
    return best
