"""Which flows of data are which strategy: a program of an earlier answer into a prompt, a temperature that changes.

No word in a text, a comment or a name is evidence of anything. Above it stands the folder's `__init__`; it reads what
a dry run has seen, and needs no more than that and `values`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .dry_run import DryRun, ModelCall
from .values import PROGRAMS, Mark

Places: TypeAlias = "set[int]"

SHOWN_ALONG_THE_WAY = (
    "simulated_annealing",
    "epsilon_greedy",
    "budget_awareness",
    "early_stop",
    "caching",
    "parallel_calls",
    "diversity",
)
"""What a dry run shows by itself: kinds that are about what is done, not about what goes into a prompt."""


def places_of_strategies(run: DryRun) -> dict[str, Places]:
    """Where each strategy shows; nothing where the language model is never called."""
    if not run.calls:
        return {}
    found: dict[str, Places] = {kind: set(run.shown[kind]) for kind in SHOWN_ALONG_THE_WAY if kind in run.shown}
    for call in run.calls:
        for kind, rule in _OF_CALLS.items():
            _note(found, kind, rule(call, run))
    _note(found, "best_of_n", _best_of_n(run, found))
    _note(found, "temperature_variation", _temperatures(run))
    return found


def _note(found: dict[str, Places], kind: str, places: Places) -> None:
    if places:
        found.setdefault(kind, set()).update(places)


def _of(call: ModelCall, *names: str) -> Places:
    """The places of these marks of the prompt."""
    return {mark.place for mark in call.message.of(*names)}


# ---------------------------------------------------------------- what goes into a prompt


def _goes_on(call: ModelCall, run: DryRun) -> bool:
    """Whether the prompt contains a program of an earlier answer."""
    return call.message.has("program") or any(_is_valued(mark, run) for mark in call.message.of("answer"))


def _is_valued(answer: Mark, run: DryRun) -> bool:
    """Whether the utility was used on an answer as it is: then the whole of it is a program."""
    return answer in run.valued


def _iteration(call: ModelCall, run: DryRun) -> Places:
    return {call.place} if _goes_on(call, run) else set()


def _reflection(call: ModelCall, run: DryRun) -> Places:
    raw = {mark.place for mark in call.message.of("answer") if not _is_valued(mark, run)}
    return {call.place, *raw} if raw else set()


def _feedback(call: ModelCall, run: DryRun) -> Places:
    told = _of(call, "value", "error", "output")
    return {call.place, *told} if told else set()


def _beam_search(call: ModelCall, run: DryRun) -> Places:
    message = call.message
    if _goes_on(call, run) and message.has("beam") and not message.has("pick", "pop", "crossed"):
        return _of(call, "few", "beam")
    return set()


def _tree_search(call: ModelCall, run: DryRun) -> Places:
    places = _of(call, "pop", "pushed") if call.message.has("pop") and _goes_on(call, run) else set()
    if _goes_on(call, run):
        places |= run.shown.get("branching", set())
        places |= _of(call, "linked")
    return places


def _genetic(call: ModelCall, run: DryRun) -> Places:
    message = call.message
    if not _goes_on(call, run):
        return set()
    crossed = {mark.place for mark in run.valued if mark.name == "crossed"} if message.has("pick", "at") else set()
    if message.has("crossed") or crossed:
        return _of(call, "crossed", "pick") | crossed
    if message.has("pick") and message.has("few", "cell", "weighted"):
        return _of(call, "few", "cell", "weighted", "pick")
    return set()


def _population(call: ModelCall, run: DryRun) -> Places:
    if not _goes_on(call, run) or call.message.has("pop"):
        return set()
    shown = _of(call, "pick", "beam", "crossed", "each", "together")
    return shown | _of(call, "few") if shown else set()


def _diversity(call: ModelCall, run: DryRun) -> Places:
    return _of(call, "cell") if _goes_on(call, run) else set()


def _bandit(call: ModelCall, run: DryRun) -> Places:
    return {mark.place for part in (call.message, call.expertise, call.temperature) for mark in part.of("arm")}


def _prompt_variety(call: ModelCall, run: DryRun) -> Places:
    return {mark.place for part in (call.message, call.expertise) for mark in part.of("hint")}


def _decomposition(call: ModelCall, run: DryRun) -> Places:
    return _of(call, "part") | {call.place} if call.message.has("part") else set()


def _restarts(call: ModelCall, run: DryRun) -> Places:
    again = run.shown.get("restart", set()) - run.shown.get("goes on", set()) if _goes_on(call, run) else set()
    return _of(call, "restart") | again


_OF_CALLS: dict[str, Callable[[ModelCall, DryRun], Places]] = {
    "iteration": _iteration,
    "reflection": _reflection,
    "feedback": _feedback,
    "beam_search": _beam_search,
    "tree_search": _tree_search,
    "genetic": _genetic,
    "population": _population,
    "diversity": _diversity,
    "bandit": _bandit,
    "prompt_variety": _prompt_variety,
    "decomposition": _decomposition,
    "restarts": _restarts,
}


# ---------------------------------------------------------------- over all calls


def _best_of_n(run: DryRun, found: dict[str, Places]) -> Places:
    if "iteration" in found or not run.result.has(*PROGRAMS):
        return set()
    return {mark.place for mark in run.result.of("best")}


def _temperatures(run: DryRun) -> Places:
    varied = {call.place for call in run.calls if call.temperature.has("varies", "random", "draw", "arm")}
    constants = {text for call in run.calls for text in call.temperature.texts if isinstance(text, (int, float))}
    if len(constants) > 1:
        varied |= {call.place for call in run.calls if call.temperature.texts}
    return varied
