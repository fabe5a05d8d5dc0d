# uses: budget_awareness 12; iteration 15; tree_search 13 17
# The open program of the highest value is taken off a heap and expanded.

import heapq

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    open_nodes, ticket = [(-utility(initial_solution), 0, initial_solution)], 0
    best = open_nodes[0]
    while open_nodes and language_model.times_used < language_model.budget:
        node = heapq.heappop(open_nodes)
        best = min(best, node)
        for code in extract_code(language_model.prompt("You expand.", "Improve:\n%s" % node[2], 3)):
            ticket += 1
            heapq.heappush(open_nodes, (-utility(code), ticket, code))
    return min([best, *open_nodes])[2]
