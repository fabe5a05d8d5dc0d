"""Budgets: never over, and what is used counts everywhere it should."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.budget import Account, Budget, Usage
from selftaught.errors import BudgetExceeded, ConfigError
from selftaught.ledger import Spending

LIMITS = st.integers(1, 20)
ACTIONS = st.lists(st.sampled_from(["call", "utility"]), max_size=60)


def act(account: Account, action: str) -> bool:
    """Whether the action was allowed."""
    try:
        account.reserve_call() if action == "call" else account.reserve_utility_call()
    except BudgetExceeded:
        return False
    return True


@given(calls=LIMITS, utility_calls=LIMITS, actions=ACTIONS)
def test_an_account_never_goes_over_and_refuses_nothing_before(calls, utility_calls, actions):
    account = Account(Budget(calls=calls, responses=1, utility_calls=utility_calls), Usage())
    allowed = [action for action in actions if act(account, action)]
    assert account.usage.calls == allowed.count("call") == min(calls, actions.count("call"))
    assert account.usage.utility_calls == allowed.count("utility") == min(utility_calls, actions.count("utility"))


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["call", "utility"])), max_size=60))
def test_what_accounts_use_is_the_sum_in_their_parents(actions):
    run = Usage()
    round_usage = Usage(parent=run)
    parents = [run, run, round_usage, round_usage]
    accounts = [Account(Budget(calls=5, responses=6, utility_calls=5), parent) for parent in parents]
    for index, action in actions:
        act(accounts[index], action)
    for count in ("calls", "utility_calls"):
        assert getattr(round_usage, count) == sum(getattr(account.usage, count) for account in accounts[2:])
        assert getattr(run, count) == sum(getattr(account.usage, count) for account in accounts)


def test_every_count_reaches_every_ancestor():
    run = Usage()
    improvement = Usage(parent=Usage(parent=run))
    counts = {
        "calls": 1,
        "responses": 2,
        "responses_known": 1,
        "characters_sent": 3,
        "characters_received": 4,
        "utility_calls": 5,
        "evaluations": 6,
    }
    improvement.add(Usage(**counts))
    improvement.add(Usage(**counts))
    assert run.counts() == {name: 2 * count for name, count in counts.items()}


def test_a_reservation_says_how_many_there_were():
    account = Account(Budget(calls=3, responses=6, utility_calls=2), Usage())
    assert [account.reserve_call() for _ in range(3)] == [1, 2, 3]
    assert [account.reserve_utility_call() for _ in range(2)] == [1, 2]


def test_going_over_says_which_budget_how_much_was_used_and_the_limit():
    account = Account(Budget(calls=1, responses=6, utility_calls=1), Usage())
    account.reserve_call()
    with pytest.raises(BudgetExceeded, match="the budget of calls of the language model is used up: 1 of 1") as raised:
        account.reserve_call()
    assert (raised.value.used, raised.value.limit) == (1, 1)


def test_responses_are_counted_where_they_are_received():
    parent = Usage()
    account = Account(Budget(calls=1, responses=6, utility_calls=1), parent)
    spent = Spending(tokens_in=7, tokens_out=3, cost_usd=0.1)
    account.count_answers(["an expert", "a question"], ["one", "two", "three"], spent, n_known=2)
    assert parent.counts() == account.usage.counts()
    assert (parent.responses, parent.responses_known) == (3, 2)
    assert (parent.characters_sent, parent.characters_received) == (19, 11)
    assert parent.spending == account.usage.spending == spent


def test_threads_together_do_not_go_over():
    account = Account(Budget(calls=50, responses=6, utility_calls=1), Usage())
    with ThreadPoolExecutor(8) as threads:
        allowed = list(threads.map(lambda _: act(account, "call"), range(200)))
    assert sum(allowed) == 50


@pytest.mark.parametrize("name", ["calls", "responses", "utility_calls"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_budget_of_nothing_is_refused(name, value):
    with pytest.raises(ConfigError, match=f"the budget of {name} should be at least 1, not {value}"):
        Budget(**{"calls": 1, "responses": 1, "utility_calls": 1, name: value})
