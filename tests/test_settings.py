"""Settings: what holds where nothing is said, what `--paper` means, and one sentence for what is wrong."""

from __future__ import annotations

import pytest

from selftaught.budget import Budget
from selftaught.errors import ConfigError
from selftaught.settings import PAPER_BUDGET, RunSettings, checked_settings

MODEL_DEFAULT = Budget(calls=16, responses=8, utility_calls=160)


def test_where_nothing_is_said_the_budget_is_what_suits_the_model():
    assert checked_settings(RunSettings).budget(MODEL_DEFAULT) == MODEL_DEFAULT
    assert checked_settings(RunSettings).meta_budget(MODEL_DEFAULT) == MODEL_DEFAULT


def test_what_is_said_of_a_budget_holds_and_the_rest_stays():
    settings = checked_settings(RunSettings, budget_calls=2, meta_budget_utility=7)
    assert settings.budget(MODEL_DEFAULT) == Budget(calls=2, responses=8, utility_calls=160)
    assert settings.meta_budget(MODEL_DEFAULT) == Budget(calls=16, responses=8, utility_calls=7)


def test_paper_is_the_released_configuration():
    settings = checked_settings(RunSettings, paper=True)
    assert Budget(calls=4, responses=6, utility_calls=25) == PAPER_BUDGET
    assert settings.budget(MODEL_DEFAULT) == settings.meta_budget(MODEL_DEFAULT) == PAPER_BUDGET
    assert (settings.n_repeats, settings.accept_rule) == (5, "always")


def test_what_is_said_beside_paper_wins():
    settings = checked_settings(RunSettings, paper=True, repeats=2, accept="better", budget_calls=1)
    assert (settings.n_repeats, settings.accept_rule) == (2, "better")
    assert settings.budget(MODEL_DEFAULT).calls == 1


def test_a_proposal_is_accepted_only_if_better_unless_said_otherwise():
    assert checked_settings(RunSettings).accept_rule == "better"
    assert checked_settings(RunSettings, accept="always").accept_rule == "always"


@pytest.mark.parametrize(
    ("given", "flag"),
    [
        ({"rounds": -1}, "--rounds"),
        ({"rounds": 1.5}, "--rounds"),
        ({"repeats": 0}, "--repeats"),
        ({"rng_seed": -1}, "--rng-seed"),
        ({"rng_seed": "x"}, "--rng-seed"),
        ({"budget_calls": 0}, "--budget-calls"),
        ({"meta_budget_utility": 0}, "--meta-budget-utility"),
        ({"workers": 0}, "--workers"),
        ({"accept": "sometimes"}, "--accept"),
        ({"isolation": "none"}, "--isolation"),
        ({"budget_cals": 4}, "--budget-cals"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_sentence_that_names_its_flag(given, flag):
    with pytest.raises(ConfigError) as raised:
        checked_settings(RunSettings, **given)
    assert str(raised.value).startswith(f"{flag}: ")
    assert "\n" not in str(raised.value)


def test_no_round_at_all_may_be_asked_for():
    assert checked_settings(RunSettings, rounds=0).rounds == 0


def test_settings_do_not_change():
    with pytest.raises(ValueError):
        checked_settings(RunSettings).rounds = 5  # type: ignore[misc]


def test_every_setting_is_documented():
    documented = "".join(kind.__doc__ or "" for kind in RunSettings.__mro__)
    assert [name for name in RunSettings.model_fields if f"        {name}: " not in documented] == []
