from pebble import ThreadPool
from helpers import temp_override, read_file_as_str
import multiprocess
import random
import numpy as np
import time
from config import config


def utility(algorithm_str: str, mode: str = "val"):
    spent = getattr(utility, "uses", 0)
    if spent >= utility.budget or not algorithm_str:
        return 0
    utility.uses = spent + 1
    n_draws, first_seed = (12, 900) if mode == "test" else (8, 100)
    pool = ThreadPool()
    try:
        algorithm = temp_override(algorithm_str, "algorithm")
    except Exception as problem:
        print("cannot be loaded:", problem)
        pool.stop()
        return 0
    total = 0.0
    for number in range(n_draws):
        random.seed(first_seed + number)
        np.random.seed(first_seed + number)
        mask = np.random.binomial(1, 0.4, 6)
        rows = np.random.binomial(1, 0.5, (40, 6))
        labels = (rows * mask).sum(axis=1) % 2
        began = time.time()
        try:
            given = pool.schedule(algorithm, (rows[:30], labels[:30], rows[30:])).result(timeout=1)
            total += np.mean(np.array(given).reshape(-1) == labels[30:]) / n_draws
        except Exception as problem:
            print(problem.__class__.__name__, "after", time.time() - began > 1)
            pool.stop()
            if config["join_pools"]:
                pool.join()
            return 1e-6
    pool.stop()
    if config["join_pools"]:
        pool.join()
    return total


utility.budget = config["utility_budget"]
utility.str = read_file_as_str("tasks/hidden_mask/utility.py")
utility.uses = 0
