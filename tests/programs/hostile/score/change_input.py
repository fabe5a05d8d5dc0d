"""Changes its input so that its answer becomes right."""

# goal: gets a false score
# expect: ok
# violation: -
# control: naive scorer
# task: doubling


def double(numbers):
    numbers[:] = [1.0 for number in numbers]
    return [2.0 for number in numbers]
