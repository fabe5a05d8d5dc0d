import random
import time
import numpy as np
from pebble import ThreadPool
from helpers import temp_override, read_file_as_str
from config import config


def utility(algorithm_str: str, mode: str = "val"):
    pool = ThreadPool()
    try:
        algorithm = temp_override(algorithm_str, "algorithm")
    except:
        pool.stop()
        return 0.0
    scores = []
    for number in range(10):
        random.seed((1 if mode == "val" else 2) * 1000 + number)
        text = "".join(random.choice("AB") for _ in range(random.randint(1, 20)))
        n_places = random.randint(0, len(text))
        try:
            scores.append(pool.schedule(score_one, (text, n_places, algorithm)).result(timeout=1))
        except Exception as problem:
            print(problem)
            scores.append(0.0)
    pool.stop()
    if config["join_pools"]:
        pool.join()
    return sum(scores) / len(scores)


def score_one(text: str, n_places: int, find: callable, longest=0.5) -> float:
    began = time.time()
    try:
        found = find(text, n_places)
        assert len(found) == len(text) and set(found) <= set("AB")
        off = abs(sum(a != b for a, b in zip(found, text)) - n_places)
        if time.time() - began > longest:
            return 0
        return 1.0 if off == 0 else 0.5 - off / (4 * len(text))
    except:
        return 0


utility.budget = config["utility_budget"]
utility.str = read_file_as_str(f"tasks/near_string/utility.py")
utility.uses = 0
