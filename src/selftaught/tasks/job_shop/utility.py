"""Run 10 jobs on 5 machines. A job is a chain of operations, each on another machine, in an order of its own.
The makespan, the time at which the last operation ends, should be short.

The operations that can start earliest compete for their machine: the one with the highest `priority` gets it.
"""

import math
import random

Job = list[tuple[int, int]]  # its operations in order: machine, processing time
Answer = list[tuple[int, int]]  # every start of an operation, in order of time: job, time


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[list[Job]], tuple[float, int]]]:
    made = []
    while len(made) < n:
        jobs = [[(machine, rng.randint(1, 99)) for machine in rng.sample(range(5), 5)] for _ in range(10)]
        trivial = sum(makespan(jobs, drive(lambda *_: rng.random(), jobs)) for _ in range(8)) / 8
        bound = lower_bound(jobs)
        if bound < 0.9 * trivial:  # else there is too little to gain
            made.append(((jobs,), (trivial, bound)))  # these score 0 and 1
    return made


def drive(priority, jobs: list[Job]) -> Answer:
    starts, free = [], dict.fromkeys({machine for job in jobs for machine, _ in job}, 0)  # when a machine is free
    rest = {number: list(job) for number, job in enumerate(jobs)}  # operations left of the jobs not ended
    ready = [0] * len(jobs)  # when a job is free
    while rest:
        now = math.inf
        for number, operations in rest.items():
            m = operations[0][0]
            start = ready[number] if ready[number] > free[m] else free[m]
            if start < now:
                now, machine, rivals = start, m, [number]
            elif start == now and m == machine:
                rivals.append(number)
        chosen, best = rivals[0], -math.inf
        for number in rivals if len(rivals) > 1 else ():
            operations = rest[number]
            work = sum(time for _, time in operations)  # left, with this operation
            next_wait = max(0, free[operations[1][0]] - now) if len(operations) > 1 else 0
            value = priority(operations[0][1], work, len(operations), now - ready[number], next_wait)
            if value > best:
                chosen, best = number, value
            elif not value <= best:
                raise ValueError("a priority is not a number")
        starts.append((chosen, now))
        ready[chosen] = free[machine] = now + rest[chosen].pop(0)[1]
        if not rest[chosen]:
            del rest[chosen]
    return starts


def makespan(jobs: list[Job], starts: Answer) -> int:
    free, ready, rest = {}, [0] * len(jobs), [list(job) for job in jobs]
    for number, start in starts:
        if not 0 <= number < len(jobs) or not rest[number]:
            raise ValueError("a job or an operation does not exist")
        machine, time = rest[number].pop(0)
        if start < max(ready[number], free.get(machine, 0)):
            raise ValueError("an operation starts before its job or its machine is free")
        ready[number] = free[machine] = start + time
    if any(rest):
        raise ValueError("an operation never starts")
    return max(ready)


def score(arguments: tuple[list[Job]], hidden: tuple[float, int], answer: Answer) -> float:
    (jobs,), (trivial, bound) = arguments, hidden
    return max(-1.0, (trivial - makespan(jobs, answer)) / (trivial - bound))  # how bad a bad rule is tells nothing


def lower_bound(jobs: list[Job]) -> int:  # the longest job; or all work of a machine and the least before and after
    bounds = [sum(time for _, time in job) for job in jobs]
    for machine in {machine for job in jobs for machine, _ in job}:
        place = [[m for m, _ in job].index(machine) for job in jobs]
        before = min(sum(time for _, time in job[:k]) for job, k in zip(jobs, place, strict=True))
        after = min(sum(time for _, time in job[k + 1 :]) for job, k in zip(jobs, place, strict=True))
        bounds.append(before + sum(job[k][1] for job, k in zip(jobs, place, strict=True)) + after)
    return max(bounds)
