"""Solutions that want a score for something else than the task, and the scorers that fall for them.

lenient   scorers as one writes them without such solutions in mind: the candidate beside them, nothing checked
measure   what each program of `tests/programs/reward_hacks` is worth to them, and what it is worth here
"""
