"""The kernel's files, each in turn with garbage in it, a folder or not to be read: no detector raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.hardware.detect import detect
from advisor.hardware.detectors import amd, intel, nvidia, ram
from advisor.hardware.detectors.holders import Process, holders
from advisor.hardware.detectors.nvml import Nvml
from advisor.hardware.reading import Detection
from advisor.units import GiB
from tests.support.devices import check_figures
from tests.support.fake_trees import amd_card, card, meminfo, write_files
from tests.support.garbage import BYTES, NUMBERS
from tests.support.shut_folders import shut

GARBAGE = (
    *(*NUMBERS, *BYTES, b"max", b":::", b"0::/a\0b", b"0::/../..", b"5:memory:relative"),
    *(b"MemTotal: -5 kB", b"MemTotal: " + b"9" * 400 + b" kB", b"DRIVER"),
)
DIGEST = "a" * 64


def computer(root: Path) -> Path:
    """A computer in a container with two graphics cards, all files of which the detectors know."""
    meminfo(root)
    amd_card(root, 0, vram=24 * GiB, gtt=16 * GiB, files={"product_name": "Radeon"}, display="connected")
    card(root, 1, vendor="0x8086", driver="i915", pci_id="0000:00:02.0")
    return write_files(
        root,
        {
            "proc/self/cgroup": "0::/box\n4:memory:/box",
            "proc/self/mountinfo": "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
            "sys/fs/cgroup/box/memory.max": 8 * GiB,
            "sys/fs/cgroup/box/memory.current": GiB,
            "sys/fs/cgroup/box/memory.stat": f"inactive_file {GiB}\nhierarchical_memory_limit {GiB}",
            "proc/sys/kernel/osrelease": "6.8.0",
            "run/systemd/container": "docker",
            "usr/share/libdrm/amdgpu.ids": "744C,\tC8,\tAMD Radeon RX 7900 XTX",
            "usr/share/misc/pci.ids": "8086  Intel Corporation\n\t744c  UHD [Graphics]",
        },
    )


def everything_on(root: Path) -> None:
    """All detectors of Linux, and what becomes of their answers. Raises what one of them raises."""
    asked: list[Detection] = [
        ram.detect(root, platform="linux"),
        amd.detect(root),
        intel.detect(root),
        nvidia.detect(root, platform="linux", load=no_library),
    ]
    check_figures(detect(detections=asked))


def no_library(_root: Path, _platform: str) -> Nvml:
    raise OSError("libnvidia-ml.so.1: cannot open shared object file")


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage[:12]))
def test_garbage_in_any_file_of_the_kernel(tmp_path: Path, garbage: bytes) -> None:
    root = computer(tmp_path)
    for path in files_of(root):
        sound = path.read_bytes()
        path.write_bytes(garbage)
        everything_on(root)
        path.write_bytes(sound)


def test_garbage_in_all_files_at_once(tmp_path: Path) -> None:
    root = computer(tmp_path)
    for garbage in GARBAGE:
        for path in files_of(root):
            path.write_bytes(garbage)
        everything_on(root)


def test_any_file_that_is_a_folder_or_missing(tmp_path: Path) -> None:
    root = computer(tmp_path)
    for path in files_of(root):
        sound = path.read_bytes()
        path.unlink()
        everything_on(root)
        path.mkdir()
        everything_on(root)
        path.rmdir()
        path.write_bytes(sound)


def test_any_folder_that_may_not_be_looked_into(tmp_path: Path) -> None:
    root = computer(tmp_path)
    for folder in sorted({path.parent for path in files_of(root)} | {root, root / "sys", root / "run"}):
        with shut(folder):
            everything_on(root)


def test_marks_of_a_container_that_may_not_be_looked_at_cost_no_memory(tmp_path: Path) -> None:
    root = write_files(meminfo(tmp_path), {"run/systemd/container": "docker"})
    with shut(root / "run"):
        (reading,) = ram.detect(root, platform="linux").readings
    assert (reading.total_bytes, reading.free_bytes) == (32 * GiB, 24 * GiB)


@pytest.mark.parametrize(
    "manifest", ["copy.json", "registry.ollama.ai/x", "registry.ollama.ai/library/a/b/c/deep", ".DS_Store"]
)
def test_a_stray_file_among_ollamas_manifests_names_no_model(tmp_path: Path, manifest: str) -> None:
    write_files(tmp_path, {f"m/manifests/{manifest}": DIGEST})
    running = Process("ollama", ("ollama", "runner", "--model", f"/m/blobs/sha256-{DIGEST}"))
    (holder,) = holders([(7, 100)], lambda _pid: running, tmp_path, "linux")
    assert holder.release_command == "ollama ps; ollama stop NAME"


def test_a_name_of_odd_characters_is_quoted_in_the_command(tmp_path: Path) -> None:
    write_files(tmp_path, {"m/manifests/registry.ollama.ai/library/x; reboot/8b": DIGEST})
    running = Process("ollama", ("ollama", "runner", "--model", f"/m/blobs/sha256-{DIGEST}"))
    (holder,) = holders([(7, 100)], lambda _pid: running, tmp_path, "linux")
    assert holder.release_command == "ollama stop 'x; reboot:8b'"
