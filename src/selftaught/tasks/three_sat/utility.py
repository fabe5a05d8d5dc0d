"""Find an assignment that makes every clause of a formula true.

A clause is three literals: v says that variable v is true, -v that it is false; one of them has to hold.
`algorithm(formula)` gets the list of clauses and returns what `assignment[v]` can be asked of for v = 1, 2, ... (index
0 is not used), true or false. An assignment that makes all clauses true scores 1, any other 0. There always is one.
`None`, for none found, scores 0 too. A call that raises, or returns anything else, fails the whole solution.

Each call has `SECONDS` of CPU time. One that takes longer scores 0 and is stopped; the other instances go on.
"""

import random
import signal
import time
from itertools import chain, product
from typing import Literal

Clause = list[int]
Answer = list[bool] | Literal["late", "not found"]  # the values of variables 1, 2, ...

SECONDS = 0.1
N_VARIABLES = range(5, 51)
CLAUSES_PER_VARIABLE = 4
WEIGHT_PER_TRUE_LITERAL = 1.0  # how much likelier a clause is for each literal that holds in the hidden one


def instances(split: str, rng: random.Random, n: int) -> list[tuple[tuple[list[Clause]], None]]:
    made = []
    for number in range(n):
        size = N_VARIABLES[(2 * number + 1) * len(N_VARIABLES) // (2 * n)]  # spread evenly
        # Generators of their own: the formula's numbers say nothing of the hidden assignment's.
        draws, hidden_draws = random.Random(rng.getrandbits(128)), random.Random(rng.getrandbits(128))
        hidden = [hidden_draws.random() < 0.5 for _ in range(size + 1)]
        made.append(((planted_formula(draws, hidden),), None))
    return made


def planted_formula(rng: random.Random, hidden: list[bool]) -> list[Clause]:
    size = len(hidden) - 1
    holding = [holds for holds in product((False, True), repeat=3) if any(holds)]  # which of a clause's literals hold
    weights = [WEIGHT_PER_TRUE_LITERAL ** sum(holds) for holds in holding]
    formula = []
    for holds in rng.choices(holding, weights, k=round(CLAUSES_PER_VARIABLE * size)):
        variables = rng.sample(range(1, size + 1), 3)
        formula.append([v if hidden[v] == true else -v for v, true in zip(variables, holds, strict=True)])
    return formula


class Late(BaseException):
    """Raised in a call whose time is up."""


def stop(*_):
    raise Late


def drive(algorithm, formula: list[Clause]) -> Answer:
    n_variables = max(map(abs, chain(*formula)))
    signal.signal(signal.SIGPROF, stop)
    begun = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, 2 * SECONDS, SECONDS)  # a rough clock, for what does not end
        assignment = algorithm(formula)
        found = assignment is not None
        answer = [bool(assignment[v]) for v in range(1, n_variables + 1)] if found else "not found"
        signal.setitimer(signal.ITIMER_PROF, 0)
    except Late:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return "late"
    return answer if time.process_time() - begun <= SECONDS else "late"


def score(arguments: tuple[list[Clause]], hidden: None, answer: Answer) -> float:
    (formula,) = arguments
    if isinstance(answer, str):  # late, or not found
        return 0.0
    if len(answer) != max(map(abs, chain(*formula))):
        raise ValueError("every variable needs one value")
    return float(all(any(answer[abs(literal) - 1] == (literal > 0) for literal in clause) for clause in formula))
