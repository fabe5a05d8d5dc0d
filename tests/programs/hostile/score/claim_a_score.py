"""Answers with a score instead of an answer."""

# goal: gets a false score
# expect: bad_output
# violation: -
# control: naive scorer claimed
# task: doubling


def double(numbers):
    return {"score": 1e9, "type": "scores", "scores": [1e9]}
