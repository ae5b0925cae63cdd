"""The memory limit that Linux control groups put on this process: containers, systemd units, sandboxes.

A limit may sit on any ancestor, so all of them are read. What a group uses includes file cache that the
kernel drops on demand (`inactive_file`): that part counts as available.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from advisor.hardware.detectors.kernel_files import read_int, read_text, whole_number

# Version 1 writes "no limit" as the largest multiple of the page size below 2^63.
_V1_UNLIMITED = 1 << 60


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """The tightest limit over all ancestors, and what it still leaves."""

    limit_bytes: int
    available_bytes: int


@dataclass(frozen=True, slots=True)
class _Version:
    """How one version of control groups names its files."""

    limits: tuple[str, ...]
    usage: str
    reclaimable: str


_V1 = _Version(("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")
# Above memory.high the kernel slows the group down until it frees memory: for a load as good as a limit.
_V2 = _Version(("memory.max", "memory.high"), "memory.current", "inactive_file")


def memory_limit(root: Path) -> MemoryLimit | None:
    """The limit of the groups that hold this process, or None if there is none. Never raises."""
    found = [limit for folder, version in _groups(root) if (limit := _limit_of(folder, version))]
    if not found:
        return None
    return MemoryLimit(
        min(limit.limit_bytes for limit in found), min(limit.available_bytes for limit in found)
    )


def _groups(root: Path) -> Iterator[tuple[Path, _Version]]:
    """Every group that this process is in, its own first, with the version that names its files."""
    for line in (read_text(root / "proc/self/cgroup") or "").splitlines():
        fields = line.split(":", 2)
        if len(fields) != 3:
            continue
        controllers, path = fields[1:]
        if controllers == "":
            version, mount = _V2, _mount(root, "cgroup2", "") or ("/", "/sys/fs/cgroup")
        elif "memory" in controllers.split(","):
            version, mount = _V1, _mount(root, "cgroup", "memory") or ("/", "/sys/fs/cgroup/memory")
        else:
            continue
        mount_root, mount_point = mount
        inside = _inside(PurePosixPath(path), PurePosixPath(mount_root))
        for group in (inside, *inside.parents):
            yield root / mount_point.lstrip("/") / group, version


def _mount(root: Path, fstype: str, controller: str) -> tuple[str, str] | None:
    """(root within the hierarchy, mount point) of a control group file system, from mountinfo(5)."""
    for line in (read_text(root / "proc/self/mountinfo") or "").splitlines():
        left, _, right = line.partition(" - ")
        fields, tail = left.split(), right.split()
        if len(fields) < 5 or len(tail) < 3 or tail[0] != fstype:
            continue
        if not controller or controller in tail[2].split(","):
            return fields[3], fields[4]
    return None


def _inside(path: PurePosixPath, mount_root: PurePosixPath) -> PurePosixPath:
    """A group's path below its mount point. In a container the mount shows only a part of the tree."""
    if ".." in path.parts:
        return PurePosixPath()
    if path.is_relative_to(mount_root):
        return path.relative_to(mount_root)
    return path.relative_to("/") if path.is_absolute() else path


def _limit_of(folder: Path, version: _Version) -> MemoryLimit | None:
    stat = dict(
        pair
        for line in (read_text(folder / "memory.stat") or "").splitlines()
        if len(pair := line.split()) == 2
    )
    limits = [read_int(folder / name) for name in version.limits]
    # Version 1 tells here what ancestors outside this container allow.
    limits.append(whole_number(stat.get("hierarchical_memory_limit")))
    finite = [limit for limit in limits if limit is not None and 0 <= limit < _V1_UNLIMITED]
    if not finite:
        return None
    limit = min(finite)
    used = read_int(folder / version.usage) or 0
    used = max(0, used - (whole_number(stat.get(version.reclaimable)) or 0))
    return MemoryLimit(limit, max(0, limit - used))
