from pebble import ThreadPool
from tqdm import tqdm
from helpers import temp_override
import numpy as np
import random
import time
from helpers import read_file_as_str


def make_formula(n_variables):
    truth = [None] + [random.random() < 0.5 for _ in range(n_variables)]
    clauses = []
    while len(clauses) < 3 * n_variables:
        clause = [random.choice((-1, 1)) * variable for variable in random.sample(range(1, n_variables + 1), 3)]
        if any(truth[abs(literal)] == (literal > 0) for literal in clause):
            clauses.append(clause)
    return clauses


def satisfied(formula, assignment):
    return all(any((assignment[abs(literal)] > 0) == (literal > 0) for literal in clause) for clause in formula)


def utility(algorithm_str: str, mode: str = "val"):
    first_seed = 11 if mode == "val" else 511
    pool = ThreadPool()
    try:
        algorithm = temp_override(algorithm_str, "algorithm")
    except:
        pool.stop()
        return 0.01
    solved = 0
    for number in tqdm(range(6)):
        random.seed(first_seed + number)
        formula = make_formula(random.randint(5, 9))
        try:
            began = time.time()
            if isinstance(pool, ThreadPool):
                future = pool.schedule(algorithm, (formula.copy(),))
            assignment = future.result(timeout=0.5)
            if time.time() - began <= 0.5 and satisfied(formula, assignment):
                solved += 1
        except Exception as problem:
            if not isinstance(problem, TimeoutError):
                pool.stop()
                return 0.01
    pool.stop()
    return max(solved / 6, 0.01)


from config import config
import os
utility.budget = config["utility_budget"]
utility.str = read_file_as_str(f"tasks/literals/utility.py")
utility.uses = 0
