"""Curves: meta-utility per round over independent runs, and one series of runs beside another.

A *series* is what `run --runs N` makes; a single run counts as a series of one. Everything here is computed from the
documents of finished runs, so it can be computed anew from a store at any time. Spread and intervals are over runs: the
repeats inside of a run are averaged first.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import stdev
from typing import Any, Literal

from selftaught.analysis.run_document import document_of, proposer
from selftaught.errors import ConfigError
from selftaught.experiment import SIGNIFICANCE, finding
from selftaught.ledger import NOTHING, spending_document, spending_from
from selftaught.models import model_info
from selftaught.recorded_run import Document
from selftaught.settings import RunSettings
from selftaught.statistics import PairedDifference, estimate, fewest_pairs, holm, paired_difference, wilson
from selftaught.store import RunRecord, Store

Ending = Literal["seed", "accepted", "rejected", "no_proposal"]

NOTEWORTHY_GAIN = 0.03
"""The gain that the paper counts runs by: 3 of its 25 runs of GPT-3.5 had it."""

HOW_PROGRAMS_RUN = {"workers", "isolation", "unsafe_no_isolation"}
"""Settings that change no figure."""

MEASURED = ("seed_improver", "best_of_n", "improver")
"""The improvers of the comparison on fresh repeats."""


def ending(made: Mapping[str, Any]) -> Ending:
    """How a round of a run's document ended."""
    if made["round"] == 0:
        return "seed"
    if made["accepted"]:
        return "accepted"
    return "no_proposal" if made["proposal_validation"] is None else "rejected"


# ---------------------------------------------------------------- one series


def series_document(record: RunRecord, store: Store) -> Document:
    """The document of a recorded series, or of a run as a series of one: what is finished of it, aggregated.

    Raises:
        ConfigError: It is neither, or what is recorded of it cannot be read.
    """
    kind = record.config.get("kind")
    if kind not in ("run", "series"):
        raise ConfigError(f"{record.run_id} is no run and no series of runs, it is of the kind {kind!r}")
    members = members_of(record, store)
    return {
        **_asked_for(record),
        **aggregate([document for member in members if (document := document_of(member)) is not None]),
        "failures": [
            {"run_id": member.run_id, "rng_seed": member.config["rng_seed"], "message": member.message}
            for member in members
            if member.status == "failed"
        ],
    }


def members_of(record: RunRecord, store: Store) -> list[RunRecord]:
    """The runs of a series in the order of their rng seeds; of a run, itself."""
    if record.config.get("kind") != "series":
        return [record]
    ids = [run.run_id for run in store.runs() if run.config.get("series") == record.run_id]
    return sorted((store.run(run_id) for run_id in ids), key=lambda run: (run.config["rng_seed"], run.created_at))


def _asked_for(record: RunRecord) -> Document:
    """What a series was asked to do."""
    config = record.config
    given = {name: value for name, value in config.items() if name in RunSettings.model_fields}
    settings = RunSettings.model_validate(given)
    inner = settings.inner_model
    return {
        "run_id": record.run_id,
        "kind": config["kind"],
        "task": ",".join(config["tasks"]),
        "model": settings.model,
        "is_language_model": _is_language_model(settings.model),
        "inner_model": inner,
        "inner_is_language_model": _is_language_model(inner) if inner is not None else None,
        "accept": settings.accept_rule,
        "improver_asked": settings.improver,
        "isolation": record.isolation,
        "rng_seed": settings.rng_seed,
        "settings": settings.model_dump(exclude=HOW_PROGRAMS_RUN),
        "repeats": settings.n_repeats,
        "tasks_sha256": dict(record.versions.get("tasks", {})),
        "runs_asked": config.get("runs", 1),
    }


def _is_language_model(name: str) -> bool:
    info = model_info(name)
    return info.is_language_model if info else True


def aggregate(runs: Sequence[Document]) -> Document:
    """What the documents of finished runs of the same settings come to, round by round and on fresh repeats."""
    together: Document = {"runs_finished": len(runs), "rounds": [], "runs": list(runs)}
    if not runs:
        return together
    first = runs[0]
    n_rounds = min(len(run["rounds"]) for run in runs)
    over_seed, over_best_of_n = (gain_over_runs(runs, key) for key in ("gain", "gain_over_best_of_n"))
    return {
        **together,
        "is_language_model": first["is_language_model"],  # only the run knows what a server said of its model
        "improvement_budget": first["improvement_budget"],
        "meta_budget": first["meta_budget"],
        "opaque": first["opaque"],
        "rounds": [_round([run["rounds"][number] for run in runs]) for number in range(n_rounds)],
        "initial_solution": {"test": spread([run["initial_solution"]["test"]["mean"] for run in runs])},
        **{key: {"test": spread([run[key]["test"]["mean"] for run in runs])} for key in MEASURED},
        "fresh_repeats": first["gain"]["n"],
        "gain": over_seed,
        "gain_over_best_of_n": over_best_of_n,
        "verdict": f"Against the seed improver: {gain_finding(over_seed)}. "
        f"Against best-of-n: {gain_finding(over_best_of_n)}.",
        "budget": dict(sum((Counter(run["budget"]) for run in runs), Counter())),
        "spending": _spending(runs),
        "evaluations": sum(run["evaluations"] for run in runs),
        "tried": sum(violation["count"] for run in runs for violation in run["violations"]),
    }


def _spending(runs: Sequence[Document]) -> Document:
    """What runs have spent together; those of earlier versions do not say."""
    documents = [run["spending"] for run in runs if run.get("spending") is not None]
    n_known = sum(document["samples_known"] for document in documents)
    return spending_document(sum(map(spending_from, documents), NOTHING), samples_known=n_known)


def _round(made: Sequence[Document]) -> Document:
    """A round over runs."""
    endings = Counter(ending(of_run) for of_run in made)
    return {
        "round": made[0]["round"],
        "validation": spread([of_run["validation"] for of_run in made]),
        "test": spread([of_run["test"]["mean"] for of_run in made]),
        "test_repeats": made[0]["test"]["n"],
        "accepted": endings["accepted"],
        "rejected": endings["rejected"],
        "no_proposal": endings["no_proposal"],
    }


def spread(values: Sequence[float]) -> Document:
    """The mean over runs with its 95 % interval, their standard deviation (None for one run), least and greatest."""
    return {
        **asdict(estimate(values)),
        "sd": stdev(values) if len(values) > 1 else None,
        "min": min(values),
        "max": max(values),
    }


def gain_over_runs(runs: Sequence[Document], key: str) -> Document:
    """A gain over runs, paired by run; and how many runs are better, worse or undecided, each by its own test.

    Args:
        runs: The documents of runs.
        key: Which gain: `gain` or `gain_over_best_of_n`.
    """
    gains = [run[key] for run in runs]
    means = [gain["mean"] for gain in gains]
    decided = [gain["mean"] for gain in gains if gain["p_value"] < SIGNIFICANCE]
    better, worse = sum(mean > 0 for mean in decided), sum(mean < 0 for mean in decided)
    noteworthy = sum(mean >= NOTEWORTHY_GAIN for mean in means)
    low, high = wilson(noteworthy, len(means))
    return {
        **asdict(paired_difference(means, [0.0] * len(means))),
        "sd": stdev(means) if len(means) > 1 else None,
        "min": min(means),
        "max": max(means),
        "better": better,
        "worse": worse,
        "undecided": len(gains) - better - worse,
        "noteworthy": {"at_least": NOTEWORTHY_GAIN, "count": noteworthy, "n": len(means), "low": low, "high": high},
    }


def gain_finding(gain: Mapping[str, Any]) -> str:
    """What a gain over runs says, in plain words."""
    difference = PairedDifference(**{name: gain[name] for name in ("mean", "low", "high", "p_value", "n")})
    counts = f"{gain['better']} better, {gain['worse']} worse, {gain['undecided']} undecided"
    return f"{finding(difference, 'runs')}; run by run: {counts}"


# ---------------------------------------------------------------- several series


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A series as one of several.

    Attributes:
        label: What tells it from the others: model and acceptance rule, and more where that does not.
        document: Its document.
    """

    label: str
    document: Document


def read_curves(names: Sequence[str], store: Store) -> list[Curve]:
    """The series of those names, told apart by their labels.

    Raises:
        ConfigError: One is neither a run nor a series, is not finished in any part, is named twice, or is about
            another task than the first.
    """
    documents = [series_document(store.run(name), store) for name in names]
    ids = [document["run_id"] for document in documents]
    for document in documents:
        if not document["rounds"]:
            raise ConfigError(f"{document['run_id']} has no rounds to show: none of its runs is finished")
        if ids.count(document["run_id"]) > 1:
            raise ConfigError(f"{document['run_id']} is named twice; name it once")
        if document["task"] != documents[0]["task"]:
            raise ConfigError(
                f"{ids[0]} is about {documents[0]['task']} and {document['run_id']} about {document['task']}: "
                "curves of different tasks have no scale in common; name series of one task"
            )
    return [
        Curve(label=label, document=document) for label, document in zip(_labels(documents), documents, strict=True)
    ]


def _labels(documents: Sequence[Document]) -> list[str]:
    """The shortest texts that tell series apart."""
    parts: list[list[str]] = [[proposer(document), f"accept {document['accept']}"] for document in documents]
    if len({document["improver_asked"] for document in documents}) > 1:
        parts = [[*own, f"from {document['improver_asked']}"] for own, document in zip(parts, documents, strict=True)]
    labels = [", ".join(own) for own in parts]
    return [
        f"{label}, {document['run_id']}" if labels.count(label) > 1 else label
        for label, document in zip(labels, documents, strict=True)
    ]


def curves_document(curves: Sequence[Curve]) -> Document:
    """Several series side by side, and how much they differ after the last round, pair by pair."""
    pairs = [_pair(first, second) for first, second in itertools.combinations(curves, 2)]
    for measure in ("last_round", "fresh"):
        measured = [pair[measure] for pair in pairs if pair[measure] is not None]
        for difference, p_corrected in zip(measured, holm([own["p_value"] for own in measured]), strict=True):
            difference["p_corrected"] = p_corrected
            difference["fewest_pairs"] = fewest_pairs(SIGNIFICANCE, len(measured))
    return {
        "task": curves[0].document["task"],
        "series": [{"label": curve.label, **curve.document} for curve in curves],
        "pairs": pairs,
    }


def _pair(first: Curve, second: Curve) -> Document:
    """How much higher the first series is than the second, paired by rng seed; None with the reason where unknown."""
    here, there = _by_seed(first), _by_seed(second)
    shared = sorted(here.keys() & there.keys())
    reason = why_not_comparable(first.document, second.document)
    if not reason and not shared:
        reason = "they have no rng seed in common, so their runs cannot be paired; run both from the same --rng-seed"
    pair: Document = {
        "first": first.label,
        "second": second.label,
        "reason": reason,
        "rng_seeds": shared,
        "unpaired": [len(here) - len(shared), len(there) - len(shared)],
    }
    if reason:
        return {**pair, "last_round": None, "fresh": None}
    runs = [(here[rng_seed], there[rng_seed]) for rng_seed in shared]
    return {
        **pair,
        "last_round": _difference([(one["rounds"][-1], other["rounds"][-1]) for one, other in runs]),
        "fresh": _difference([(one["improver"], other["improver"]) for one, other in runs]),
    }


def _by_seed(curve: Curve) -> dict[int, Document]:
    return {run["rng_seed"]: run for run in curve.document["runs"]}


def _difference(pairs: Sequence[tuple[Document, Document]]) -> Document:
    return asdict(
        paired_difference([one["test"]["mean"] for one, _ in pairs], [other["test"]["mean"] for _, other in pairs])
    )


def why_not_comparable(first: Document, second: Document) -> str:
    """What hinders a difference between two series from meaning anything; empty if nothing does.

    Model, acceptance rule and the improver that they began with may differ: that is what is compared.
    """
    if first["tasks_sha256"] != second["tasks_sha256"]:
        return f"the task {first['task']} was changed between them"
    settings = [
        {
            **{name: made["settings"][name] for name in ("rounds", "gate_repeats", "test_repeats", "fresh_repeats")},
            "repeats": made["repeats"],
            **_flags("budget", made["improvement_budget"]),
            **_flags("meta_budget", made["meta_budget"]),
        }
        for made in (first, second)
    ]
    for name, value in settings[0].items():
        if settings[1].get(name) != value:
            return f"they differ in --{name.replace('_', '-')}: {value} and {settings[1].get(name)}"
    return ""


def _flags(prefix: str, budget: Mapping[str, int]) -> dict[str, int]:
    """A budget by the names that its settings have."""
    names = {"utility_calls": "utility"}
    return {f"{prefix}_{names.get(name, name)}": value for name, value in budget.items()}


def difference_finding(pair: Mapping[str, Any], measure: str) -> str:
    """What a difference between two series says, in plain words."""
    measured = pair[measure]
    if measured is None:
        return f"no difference is given, for {pair['reason']}"
    n = measured["n"]
    size = f"{measured['mean']:+.3f}"
    if n > 1:
        size = f"{size} (95 % interval {measured['low']:+.3f} to {measured['high']:+.3f})"
    if n < measured["fewest_pairs"]:
        few = "1 pair of runs is" if n == 1 else f"{n} pairs of runs are"
        return f"{size}; {few} too few to tell, at least {measured['fewest_pairs']} are needed"
    verdict = "a real difference" if measured["p_corrected"] < SIGNIFICANCE else "no evidence of a difference"
    return f"{size}, p = {measured['p_corrected']:.2g}; {verdict}"
