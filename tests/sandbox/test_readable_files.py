"""What the engine finds for a child below the paths that it may read; real files, no process."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from selftaught.sandbox.readable_files import MAX_LINKS, ReadableFiles, Reader, folders_of

OTHER = 12345


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a readable part `inside`, a listable folder `listed`, and things outside of both."""
    tmp_path = tmp_path.resolve()
    for folder in ("inside/deep", "listed/known", "listed/selftaught", "outside"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("inside/file", "inside/deep/file", "listed/known/file", "listed/selftaught/file", "outside/file"):
        (tmp_path / file).write_text(file)
    for name, target in {
        "to_file": "file",
        "to_deep": "deep",
        "up_and_down": "../inside/deep",
        "absolute": f"{tmp_path}/inside/file",
        "out": "../outside/file",
        "out_absolute": f"{tmp_path}/outside/file",
        "out_to_nothing": "../outside/nothing",
        "out_folder": "../outside",
        "round": "round",
        "dangling": "nothing",
    }.items():
        (tmp_path / "inside" / name).symlink_to(target)
    os.mkfifo(tmp_path / "inside" / "pipe")
    return tmp_path


def files_of(place: Path, reader: Reader | None = None) -> ReadableFiles:
    readable = [str(place / "inside"), str(place / "listed" / "known")]
    return ReadableFiles(readable, [str(place / "listed")], reader)


def content(files: ReadableFiles, path: Path | str, flags: int = 0) -> str:
    descriptor = files.open(str(path), flags)
    try:
        assert os.get_inheritable(descriptor) is False
        return os.read(descriptor, 100).decode()
    finally:
        os.close(descriptor)


def n_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises(OSError) as caught:
        call()
    assert caught.value.errno is not None
    return errno.errorcode[caught.value.errno]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("inside/file", "inside/file"),
        ("inside/deep/file", "inside/deep/file"),
        ("inside/to_file", "inside/file"),
        ("inside/to_deep/file", "inside/deep/file"),
        ("inside/up_and_down/file", "inside/deep/file"),
        ("inside/absolute", "inside/file"),
        ("listed/known/file", "listed/known/file"),
    ],
)
def test_what_lies_below_is_opened_and_links_within_are_followed(place: Path, path: str, found: str) -> None:
    files = files_of(place)
    assert content(files, place / path) == found
    assert files.status(str(place / path), follow=True) == (place / path).stat()
    assert files.status(str(place / path), follow=False) == (place / path).lstat()
    files.require_access(str(place / path), os.R_OK, follow=True)


@pytest.mark.parametrize(
    "path",
    (
        *("outside/file", "outside/nothing", "outside", "nothing", "insider", "inside/out", "inside/out_absolute"),
        *("inside/out_to_nothing", "inside/out_folder/file", "inside/out_folder/nothing", "inside/out_folder"),
    ),
)
def test_outside_nothing_is_there_whether_it_is_or_not(place: Path, path: str) -> None:
    files, text = files_of(place), str(place / path)
    for call in (
        lambda: files.open(text, 0),
        lambda: files.status(text, follow=True),
        lambda: files.require_access(text, os.F_OK, follow=True),
    ):
        assert error_of(call) == "ENOENT"


@pytest.mark.parametrize("path", ["listed/selftaught", "listed/selftaught/file", "listed/nothing", "listed/no/thing"])
def test_below_a_folder_of_which_only_the_names_are_given_everything_is_denied_alike(place: Path, path: str) -> None:
    files = files_of(place)
    assert error_of(lambda: files.open(str(place / path), 0)) == "EACCES"
    assert error_of(lambda: files.status(str(place / path), follow=False)) == "EACCES"


def test_folders_can_be_listed(place: Path) -> None:
    files = files_of(place)
    for folder in ("listed", "inside/deep", "inside/to_deep"):
        descriptor = files.open(str(place / folder), os.O_DIRECTORY)
        assert set(os.listdir(descriptor)) == {entry.name for entry in (place / folder).iterdir()}  # noqa: PTH208
        os.close(descriptor)
    assert error_of(lambda: files.open(str(place / "inside/file"), os.O_DIRECTORY)) == "ENOTDIR"
    assert error_of(lambda: files.open(str(place / "inside/file/below"), 0)) == "ENOTDIR"


def test_links_are_told_but_not_followed_where_that_is_asked(place: Path) -> None:
    files = files_of(place)
    assert stat.S_ISLNK(files.status(str(place / "inside/out"), follow=False).st_mode)
    assert files.target(str(place / "inside/out")) == b"../outside/file"
    assert error_of(lambda: files.target(str(place / "inside/file"))) == "EINVAL"
    assert error_of(lambda: files.target(str(place / "outside/file"))) == "ENOENT"
    assert error_of(lambda: files.open(str(place / "inside/to_file"), os.O_NOFOLLOW)) == "ELOOP"
    assert error_of(lambda: files.open(str(place / "inside/round"), 0)) == "ELOOP"
    assert error_of(lambda: files.open(str(place / "inside/dangling"), 0)) == "ENOENT"


def test_a_long_chain_of_links_ends(place: Path) -> None:
    files = files_of(place)
    for number in range(MAX_LINKS + 1):
        (place / "inside" / f"link{number}").symlink_to(f"link{number - 1}" if number else "file")
    assert content(files, place / "inside" / f"link{MAX_LINKS - 2}") == "inside/file"
    assert error_of(lambda: files.open(str(place / "inside" / f"link{MAX_LINKS}"), 0)) == "ELOOP"


def test_nothing_is_opened_that_could_wait_or_have_effects(place: Path) -> None:
    assert error_of(lambda: files_of(place).open(str(place / "inside/pipe"), 0)) == "EACCES"


def test_nothing_can_be_written(place: Path) -> None:
    files = files_of(place)
    assert error_of(lambda: files.require_access(str(place / "inside/file"), os.W_OK, follow=True)) == "EACCES"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could read what others may not")
def test_a_child_of_root_reads_no_more_than_its_own_user_may(place: Path) -> None:
    closed, open_one, hidden = place / "inside/file", place / "inside/deep/file", place / "inside/shut"
    hidden.mkdir()
    (hidden / "file").write_text("hidden")
    closed.chmod(0o640)
    hidden.chmod(0o700)
    stranger = files_of(place, Reader(uid=OTHER, groups=frozenset((OTHER,))))
    assert content(stranger, open_one) == "inside/deep/file"
    for path in (closed, hidden / "file"):
        assert error_of(lambda path=path: stranger.open(str(path), 0)) == "EACCES"
    assert error_of(lambda: stranger.require_access(str(closed), os.R_OK, follow=True)) == "EACCES"
    assert error_of(lambda: stranger.status(str(hidden / "file"), follow=True)) == "EACCES"
    assert error_of(lambda: stranger.open(str(hidden), 0)) == "EACCES"
    assert content(files_of(place, Reader(uid=OTHER, groups=frozenset((0,)))), closed) == "inside/file"
    os.chown(closed, OTHER, 0)
    closed.chmod(0o040)
    assert error_of(lambda: stranger.open(str(closed), 0)) == "EACCES"


def test_no_descriptor_is_left(place: Path) -> None:
    files, before = files_of(place), n_descriptors()
    for path in [*(place / "inside").iterdir(), place / "outside/file", place / "listed/selftaught/file"]:
        for call in (lambda: content(files, path), lambda: files.status(str(path), follow=True)):  # noqa: B023
            try:
                call()
            except OSError:
                continue
    assert n_descriptors() == before


def test_folders_of_a_path() -> None:
    assert list(folders_of("/usr/lib/x")) == ["", "/usr", "/usr/lib", "/usr/lib/x"]
    assert len(list(folders_of("/a" * 4000))) <= 65
