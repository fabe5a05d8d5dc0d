# uses: genetic 10 17 20; iteration 11; population 17
# A genetic algorithm whose imports and variables have other names.

from random import sample as two_of

from helpers import extract_code as programs_in


def mate(lm, mother, father):
    question = f"Write a child of these programs:\n{mother}\n\n{father}\n"
    return programs_in(lm.prompt("You know both.", question, n_responses=2, temperature=0.9))


def improve_algorithm(s, u, lm):
    crowd = [s] + programs_in(lm.prompt("You vary programs.", f"Vary:\n{s}\n{u.str}", n_responses=4))
    for _ in range(3):
        a, b = two_of(crowd, 2)
        crowd.extend(mate(lm, a, b))
        crowd.sort(key=u, reverse=True)
        del crowd[6:]
    return crowd[0]
