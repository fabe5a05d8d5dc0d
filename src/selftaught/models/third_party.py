"""Models of other packages: an installed package registers a prefix as an entry point, which is loaded only when used.

What it registers is called with the whole name and what follows the colon, and returns a `ModelMaker`. It is code of
whoever wrote it, and runs in the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from selftaught.errors import ConfigError
from selftaught.models.context import ModelMaker
from selftaught.models.language_model import ModelInfo
from selftaught.source import one_line

GROUP = "selftaught.models"

MakerOfName = Callable[[str, str], ModelMaker]


def registered_infos() -> list[ModelInfo]:
    """What may be named after `--model` of what other packages register; nothing of them is loaded."""
    return [_info(f"{point.name}:NAME", point) for point in sorted(entry_points(group=GROUP), key=lambda it: it.name)]


def registered_info(name: str) -> ModelInfo | None:
    """What a person should know of the model of that name; None if no package registers its prefix."""
    prefix, colon, _ = name.partition(":")
    points = _points(prefix) if colon else []
    return _info(name, points[0]) if points else None


def registered_maker(name: str) -> ModelMaker | None:
    """How to make the model of that name; None if no package registers its prefix.

    Raises:
        ConfigError: Two packages register it, what one registers cannot be loaded, or it does not take the name.
    """
    prefix, colon, argument = name.partition(":")
    points = _points(prefix) if colon else []
    if not points:
        return None
    if len(points) > 1:
        packages = " and ".join(sorted(map(_package, points)))
        raise ConfigError(f"{packages} both provide models named {prefix}:; uninstall one of them")
    [point] = points
    try:
        maker_of_name: MakerOfName = point.load()
        maker = maker_of_name(name, argument)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - anything may come out of a foreign package; it becomes a message
        why = one_line(f"{type(error).__name__}: {error}")[:300]
        raise ConfigError(f"{_package(point)} provides {prefix}:, but it does not work ({why}); mend it") from None
    if not callable(maker):
        raise ConfigError(f"{_package(point)} provides {prefix}:, but it returns no maker of a model; mend it")
    return maker


def _points(prefix: str) -> list[EntryPoint]:
    """What is registered for a prefix; a package that is found twice on the path counts once."""
    by_place = {(point.value, _package(point)): point for point in entry_points(group=GROUP, name=prefix)}
    return list(by_place.values())


def _package(point: EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist is not None else f"the entry point {point.value}"


def _info(name: str, point: EntryPoint) -> ModelInfo:
    return ModelInfo(name=name, summary=f"a model of {_package(point)}", is_language_model=True, version="1")
