"""The help of a command: what it is about comes first, how language models over the network are asked comes last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts.help import DefaultFormatter

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

OF_LANGUAGE_MODELS = "Language models over the network, and what may be spent"


class MainFlagsFirst(DefaultFormatter):
    """Shows a panel of flags in two: those of `ModelSettings`, which most calls leave as they are, below the others."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Nothing; prints a panel."""
        last = _of_language_models(panel) if panel.format == "parameter" else []
        main = [entry for entry in panel.entries if entry not in last]
        super().__call__(console, options, panel.copy(entries=main))
        if last:
            super().__call__(console, options, panel.copy(entries=last, title=OF_LANGUAGE_MODELS))


def _of_language_models(panel: HelpPanel) -> list[HelpEntry]:
    from selftaught.settings import ModelSettings

    flags = {f"--{name.replace('_', '-')}" for name in ModelSettings.model_fields}
    return [entry for entry in panel.entries if not flags.isdisjoint(entry.names)]
