# uses: best_of_n 22
# Whole strategies are defined, and none of them is called.

import math
import random

from helpers import extract_code


def genetic(population, utility, model):
    a, b = random.sample(population, 2)
    children = extract_code(model.prompt("You cross.", f"Cross:\n{a}\n{b}", n_responses=4))
    return sorted(population + children, key=utility)[-5:]


def anneal(current, new, utility, heat):
    return new if random.random() < math.exp((utility(new) - utility(current)) / heat) else current


def improve_algorithm(initial_solution, utility, language_model):
    answers = language_model.prompt("You improve.", f"Improve:\n{initial_solution}\n{utility.str}", n_responses=6)
    return max(extract_code(answers), key=utility)
