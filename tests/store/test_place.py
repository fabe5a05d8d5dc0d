"""Where a store had better not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftaught.errors import StoreWarning
from selftaught.store import Store, place

MOUNTS = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /home rw,relatime shared:2 - nfs4 server:/export/home rw,vers=4.2
41 40 0:36 / /home/me/scratch\040disk rw - xfs /dev/sdb1 rw
42 22 0:37 / /mnt rw - ext4 /dev/sdc1 rw
43 42 0:38 / /mnt rw - fuse.sshfs me@there:/ rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/work/here.db", "ext4"),
        ("/home/me/here.db", "nfs4"),
        ("/homestead/here.db", "ext4"),
        ("/home/me/scratch disk/here.db", "xfs"),
        ("/mnt/here.db", "fuse.sshfs"),
    ],
)
def test_the_innermost_and_latest_mount_counts(path, kind):
    assert place.file_system_of(Path(path), MOUNTS) == kind
    assert place.file_system_of(Path(path), "") is None


def test_a_local_disk_gives_no_warning(path):
    assert place.warning_about(path) is None


def test_a_network_file_system_gives_one(path, clock, monkeypatch, tmp_path):
    (tmp_path / "mounts").write_text(f"40 22 0:35 / {tmp_path} rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(place, "MOUNTS", tmp_path / "mounts")
    with pytest.warns(StoreWarning, match=r"network file system \(nfs4\).* local disk"), Store.open(path, clock=clock):
        pass
    with Store.open(path, read_only=True, clock=clock) as store:
        assert store.problems() == []
