# uses: iteration 27; tree_search 20 26 28
# Dataclasses keep who came from whom; the next parent is the best leaf of a tree.

from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class Leaf:
    code: str
    score: float
    offspring: list = field(default_factory=list)


def leaves(node):
    if not node.offspring:
        yield node
    for child in node.offspring:
        yield from leaves(child)


def improve_algorithm(initial_solution, utility, language_model):
    root = Leaf(initial_solution, utility(initial_solution))
    for _ in range(5):
        parent = max(leaves(root), key=lambda leaf: leaf.score)
        for code in extract_code(language_model.prompt("You grow trees.", f"Improve:\n{parent.code}", 3)):
            parent.offspring.append(Leaf(code, utility(code)))
    return max(leaves(root), key=lambda leaf: leaf.score).code
