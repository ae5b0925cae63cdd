"""The RAM that this process may take."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from advisor.hardware.detectors import ram
from advisor.hardware.detectors.ram import VirtualMemory
from advisor.hardware.reading import Reading, Role
from advisor.units import GiB
from tests.support.fake_trees import meminfo, write_files


def read(root: Path) -> Reading:
    detection = ram.detect(root, platform="linux")
    assert detection.findings == ()
    (reading,) = detection.readings
    return reading


def codes(reading: Reading) -> list[str]:
    return [note.code for note in reading.notes]


def limit(root: Path, limit_bytes: int, used_bytes: int) -> None:
    write_files(
        root,
        {
            "proc/self/cgroup": "0::/",
            "sys/fs/cgroup/memory.max": limit_bytes,
            "sys/fs/cgroup/memory.current": used_bytes,
        },
    )


def test_unreadable_memory_is_unknown(tmp_path: Path) -> None:
    reading = read(tmp_path)
    assert (reading.total_bytes, reading.free_bytes) == (None, None)


def test_malformed_meminfo_is_unknown(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/meminfo": "MemTotal: lots\nMemAvailable\n:"})
    reading = read(tmp_path)
    assert (reading.total_bytes, reading.free_bytes) == (None, None)


def test_a_desktop_without_limits(tmp_path: Path) -> None:
    reading = read(meminfo(tmp_path, 32 * GiB, 20 * GiB))
    assert (reading.total_bytes, reading.free_bytes, reading.role) == (32 * GiB, 20 * GiB, Role.DESKTOP_RAM)
    assert reading.sources == ("meminfo",)
    assert codes(reading) == []


def test_old_kernels_tell_only_free_and_cached(tmp_path: Path) -> None:
    text = "MemTotal: 8388608 kB\nMemFree: 1048576 kB\nCached: 2097152 kB\nShmem: 524288 kB"
    write_files(tmp_path, {"proc/meminfo": text})
    assert read(tmp_path).free_bytes == GiB + 2 * GiB - GiB // 2


def test_a_tight_limit_makes_it_a_container(tmp_path: Path) -> None:
    meminfo(tmp_path, 32 * GiB, 20 * GiB)
    limit(tmp_path, 8 * GiB, 2 * GiB)
    reading = read(tmp_path)
    assert (reading.total_bytes, reading.free_bytes, reading.role) == (8 * GiB, 6 * GiB, Role.CONTAINER_RAM)
    assert reading.sources == ("meminfo", "cgroup")
    assert codes(reading) == ["memory-limit"]
    assert "8.0 GiB of this computer's 32.0 GiB" in reading.notes[0].text


def test_a_limit_that_leaves_more_than_the_computer_has(tmp_path: Path) -> None:
    meminfo(tmp_path, 32 * GiB, 4 * GiB)
    limit(tmp_path, 16 * GiB, GiB)
    reading = read(tmp_path)
    # The limit bounds the size, the computer what is free: its desktop needs its reserve.
    assert (reading.total_bytes, reading.free_bytes, reading.role) == (16 * GiB, 4 * GiB, Role.DESKTOP_RAM)


def test_a_limit_above_the_computers_memory_is_none(tmp_path: Path) -> None:
    meminfo(tmp_path, 32 * GiB, 20 * GiB)
    limit(tmp_path, 64 * GiB, GiB)
    assert codes(read(tmp_path)) == []


def test_a_container_without_limits_is_known_by_its_mark(tmp_path: Path) -> None:
    write_files(meminfo(tmp_path), {".dockerenv": ""})
    assert read(tmp_path).role is Role.CONTAINER_RAM


def test_a_limit_is_known_where_the_size_is_not(tmp_path: Path) -> None:
    limit(tmp_path, 8 * GiB, 2 * GiB)
    reading = read(tmp_path)
    assert (reading.total_bytes, reading.free_bytes) == (8 * GiB, 6 * GiB)


def test_wsl_is_noted(tmp_path: Path) -> None:
    write_files(meminfo(tmp_path), {"proc/sys/kernel/osrelease": "5.15.153.1-Microsoft-standard-WSL2"})
    reading = read(tmp_path)
    assert codes(reading) == ["wsl"]
    assert ".wslconfig" in reading.notes[0].text


def test_other_systems_are_asked_themselves(tmp_path: Path) -> None:
    detection = ram.detect(
        tmp_path, platform="darwin", virtual_memory=lambda: VirtualMemory(16 * GiB, 9 * GiB, 2 * GiB)
    )
    (reading,) = detection.readings
    assert (reading.total_bytes, reading.free_bytes, reading.role) == (16 * GiB, 9 * GiB, Role.DESKTOP_RAM)


@pytest.mark.parametrize("error", [psutil.Error("no"), RuntimeError("no"), OSError("no")])
def test_psutil_that_fails_is_an_error_of_the_system(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(psutil, "virtual_memory", fail)
    with pytest.raises(OSError, match="no"):
        ram.read_virtual_memory()


def test_psutil_answers_on_this_computer() -> None:
    memory = ram.read_virtual_memory()
    assert 0 < memory.available_bytes <= memory.total_bytes
