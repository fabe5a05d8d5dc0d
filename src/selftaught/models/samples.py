"""What the texts and marks of providers are as samples."""

from __future__ import annotations

from selftaught.models.language_model import Finish, Sample

REFUSED = Sample(text="", finish=Finish.REFUSED)


def sample_of(text: str, *, is_cut_off: bool = False) -> Sample:
    """The sample of a text: cut off where the server says so, empty where nothing is in it, else complete."""
    if is_cut_off:
        return Sample(text=text, finish=Finish.CUT_OFF)
    return Sample(text=text) if text.strip() else Sample(text="", finish=Finish.EMPTY)
