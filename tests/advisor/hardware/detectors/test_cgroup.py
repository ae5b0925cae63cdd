"""Memory limits of control groups, of both versions and of every ancestor."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.hardware.detectors.cgroup import MemoryLimit, memory_limit
from advisor.units import GiB
from tests.support.fake_trees import write_files

V1_UNLIMITED = 9223372036854771712


def v2(root: Path, group: str, **files: str | int) -> None:
    names = {"max": "memory.max", "high": "memory.high", "current": "memory.current", "stat": "memory.stat"}
    folder = f"sys/fs/cgroup/{group}".rstrip("/")
    write_files(root, {f"{folder}/{names[key]}": content for key, content in files.items()})


def test_no_control_groups_is_no_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path) is None


@pytest.mark.parametrize("text", ["", "garbage", "0:", "::", "x:memory:/a", "0::/../../outside"])
def test_malformed_or_foreign_membership_is_no_limit(tmp_path: Path, text: str) -> None:
    write_files(tmp_path, {"proc/self/cgroup": text})
    assert memory_limit(tmp_path) is None


def test_no_limit_anywhere(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/self/cgroup": "0::/user.slice/app.scope"})
    v2(tmp_path, "user.slice/app.scope", max="max", high="max", current=GiB)
    assert memory_limit(tmp_path) is None


def test_file_cache_counts_as_available(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/self/cgroup": "0::/box"})
    stat = f"anon {GiB}\ninactive_file {3 * GiB}\nactive_file {GiB}"
    v2(tmp_path, "box", max=8 * GiB, high="max", current=5 * GiB, stat=stat)
    assert memory_limit(tmp_path) == MemoryLimit(8 * GiB, 6 * GiB)


def test_a_limit_on_an_ancestor_counts(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/self/cgroup": "0::/user.slice/user-1000.slice/app.scope"})
    v2(tmp_path, "user.slice", max=6 * GiB, current=5 * GiB, stat="inactive_file 0")
    v2(tmp_path, "user.slice/user-1000.slice", max="max", current=GiB)
    v2(tmp_path, "user.slice/user-1000.slice/app.scope", max=16 * GiB, current=GiB)
    assert memory_limit(tmp_path) == MemoryLimit(6 * GiB, 1 * GiB)


def test_the_throttle_below_the_limit_counts_as_one(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/self/cgroup": "0::/box"})
    v2(tmp_path, "box", max=8 * GiB, high=6 * GiB, current=GiB)
    assert memory_limit(tmp_path) == MemoryLimit(6 * GiB, 5 * GiB)


def test_a_group_above_its_limit_has_nothing_left(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/self/cgroup": "0::/box"})
    v2(tmp_path, "box", max=GiB, current=2 * GiB)
    assert memory_limit(tmp_path) == MemoryLimit(GiB, 0)


def test_version_1_and_its_sentinel(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpu,memory:/a/b\n0::/",
            "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": V1_UNLIMITED,
            "sys/fs/cgroup/memory/a/b/memory.usage_in_bytes": GiB,
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": 4 * GiB,
            "sys/fs/cgroup/memory/a/memory.usage_in_bytes": 3 * GiB,
            "sys/fs/cgroup/memory/a/memory.stat": f"inactive_file 0\ntotal_inactive_file {GiB}",
        },
    )
    assert memory_limit(tmp_path) == MemoryLimit(4 * GiB, 2 * GiB)


def test_version_1_tells_of_ancestors_that_cannot_be_seen(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/box",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": V1_UNLIMITED,
            "sys/fs/cgroup/memory/memory.usage_in_bytes": GiB,
            "sys/fs/cgroup/memory/memory.stat": f"hierarchical_memory_limit {3 * GiB}",
        },
    )
    assert memory_limit(tmp_path) == MemoryLimit(3 * GiB, 2 * GiB)


def test_a_container_sees_only_its_part_of_the_tree(tmp_path: Path) -> None:
    # The membership names the host's path; the mount shows the tree from there on.
    mount = "31 23 0:29 /docker/abc /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory"
    write_files(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/abc/inner",
            "proc/self/mountinfo": f"22 1 8:1 / / rw - ext4 /dev/sda rw\n{mount}",
            "sys/fs/cgroup/memory/inner/memory.limit_in_bytes": 2 * GiB,
            "sys/fs/cgroup/memory/inner/memory.usage_in_bytes": GiB,
        },
    )
    assert memory_limit(tmp_path) == MemoryLimit(2 * GiB, GiB)


def test_version_2_beside_version_1_is_found_where_it_is_mounted(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "proc/self/cgroup": "0::/box",
            "proc/self/mountinfo": "41 31 0:38 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw",
            "sys/fs/cgroup/unified/box/memory.max": GiB,
        },
    )
    assert memory_limit(tmp_path) == MemoryLimit(GiB, GiB)
