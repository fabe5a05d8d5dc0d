# uses: genetic 11 12; iteration 14; population 11 12
# Several islands evolve by themselves; now and then the best of one goes over to the next.

import random

from helpers import extract_code


def evolve(island, utility, model):
    island.sort(key=lambda member: member["value"], reverse=True)
    survivors = island[:4]
    first, second = random.choice(survivors), random.choice(survivors)
    text = f"Combine what is good in both:\n\n{first['code']}\n\n{second['code']}"
    children = extract_code(model.prompt("You combine programs.", text, n_responses=2))
    return survivors + [{"code": child, "value": utility(child)} for child in children]


def improve_algorithm(initial_solution, utility, language_model):
    start = {"code": initial_solution, "value": utility(initial_solution)}
    islands = [[start], [start], [start]]
    for generation in range(6):
        for number in range(len(islands)):
            islands[number] = evolve(islands[number], utility, language_model)
        if generation % 3 == 2:
            for number, island in enumerate(islands):
                islands[number - 1].append(max(island, key=lambda member: member["value"]))
    return max((member for island in islands for member in island), key=lambda member: member["value"])["code"]
