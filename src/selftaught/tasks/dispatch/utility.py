"""Schedule 16 jobs on one machine. A job that ends after its due date costs its weight times its lateness.

Whenever the machine is free, the waiting job with the highest `priority` runs next. Lower total cost is better.
"""

import math
import random
from itertools import product

from reference import atc, shortest_first  # two rules, not shown: they score 1 and 0

Job = tuple[int, int, int]  # processing time, due date, weight
Answer = list[int]  # the numbers of the jobs, in the order in which they run

DUE_DATES = list(product((0.3, 0.4, 0.5), (0.6, 0.8, 1.0)))  # their centre and range, in parts of the total work


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[list[Job]], tuple[float, float]]]:
    made = []
    while len(made) < n:
        jobs = random_jobs(rng, *DUE_DATES[len(made) % len(DUE_DATES)])
        trivial, reference = cost(jobs, drive(shortest_first, jobs)), cost(jobs, drive(atc, jobs))
        if reference < 0.8 * trivial:  # else there is too little to gain
            made.append(((jobs,), (trivial, reference)))
    return made


def random_jobs(rng: random.Random, centre: float, width: float, size: int = 16) -> list[Job]:
    times = [rng.randint(1, 100) for _ in range(size)]
    earliest, latest = sum(times) * (centre - width / 2), sum(times) * (centre + width / 2)
    return [(time, max(0, round(rng.uniform(earliest, latest))), rng.randint(1, 10)) for time in times]


def drive(priority, jobs: list[Job]) -> Answer:
    order, waiting, now, work = [], list(range(len(jobs))), 0, sum(job[0] for job in jobs)
    while waiting:
        chosen, best, mean = waiting[0], -math.inf, work / len(waiting)
        for number in waiting:
            p, d, w = jobs[number]
            value = priority(p, d, w, now, mean)  # mean: processing time of the jobs still waiting
            if value > best:
                chosen, best = number, value
            elif not value <= best:
                raise ValueError("a priority is not a number")
        waiting.remove(chosen)
        order.append(chosen)
        now += jobs[chosen][0]
        work -= jobs[chosen][0]
    return order


def cost(jobs: list[Job], order: Answer) -> float:
    now, total = 0, 0
    for number in order:
        p, d, w = jobs[number]
        now += p
        total += w * max(0, now - d)
    return total


def score(arguments: tuple[list[Job]], hidden: tuple[float, float], answer: Answer) -> float:
    (jobs,), (trivial, reference) = arguments, hidden
    if sorted(answer) != list(range(len(jobs))):
        raise ValueError("every job must run exactly once")
    return max(-1.0, (trivial - cost(jobs, answer)) / (trivial - reference))  # how bad a bad rule is tells nothing
