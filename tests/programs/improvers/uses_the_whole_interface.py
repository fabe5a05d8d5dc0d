# expect: ok
# solution: def double[\s\S]*
# calls: 4
# uses: 4

import functools

from helpers import extract_code
from language_model import LanguageModel


def improve_algorithm(initial_solution, utility, language_model):
    code = extract_code("Idea.\n\n```python\nx = 1\n```\n")
    codes = extract_code(["```\na\n```", "nothing"])
    assert (code, codes) == ("x = 1\n", ["a\n"])
    assert isinstance(utility.str, str) and "def score(" in utility.str and "MEMORY_MIB = 128" in utility.str
    assert (utility.budget, utility.uses) == (25, 0)
    assert (language_model.budget, language_model.max_responses_per_call, language_model.times_used) == (4, 6, 0)
    assert {utility: 1}[utility] == 1
    assert functools.lru_cache(lambda solution, u: u(solution))(initial_solution, utility) == 0.5
    utility.increment_uses()
    assert utility.uses == 1
    assert max([initial_solution, "", initial_solution + "# the same"], key=utility) == initial_solution
    assert utility.uses == 4
    assert language_model.prompt("expert", "m") == ["answer 0 to m"]
    assert language_model.prompt("expert", "m", 2) == ["answer 0 to m", "answer 1 to m"]
    assert language_model.prompt(expertise="e", message="m", n_responses=6, temperature=1.0)[5] == "answer 5 to m"
    assert language_model.batch_prompt("expert", ["c", "a", "b"], temperature=0.2) == [f"answer 0 to {m}" for m in "cab"]
    assert language_model.times_used == 4
    return initial_solution
