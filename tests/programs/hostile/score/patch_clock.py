"""Stops the clock by which its speed is measured."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer by_speed
# task: doubling

import time

for name in ("time", "perf_counter", "monotonic", "process_time"):
    setattr(time, name, lambda: 1.0)


def double(numbers):
    return [0.0 for number in numbers]
