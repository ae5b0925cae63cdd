"""The table of known GPUs (presets/gpus.json): their memory and bandwidth, found by name.

A live figure of the driver always goes before the table's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from advisor.errors import PresetError
from advisor.hardware.device import Kind
from advisor.hardware.gpu_names import name_words
from advisor.presets import read_json
from advisor.units import GiB

_FILE = "gpus.json"
_VENDORS = ("nvidia", "amd", "intel", "apple")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGpu:
    """One GPU as it is sold. `memory_bytes` is None where it works in the computer's memory; then
    `memory_options_bytes` tells with how much it is sold.

    A name is this GPU's if it holds all words of one set of `words` and none of `not_words`.
    """

    id: str
    name: str
    vendor: str
    kind: Kind
    form: str  # "desktop" | "laptop" | "workstation" | "datacenter" | "soc"
    memory_bytes: int | None
    memory_options_bytes: tuple[int, ...]
    bandwidth_bytes_per_second: int
    words: tuple[frozenset[str], ...]
    not_words: frozenset[str]
    multiprocessors: int | None
    gpu_cores: int | None
    prefill_flops_per_second: tuple[int, int] | None = None  # of published runs: the lowest and highest


@dataclass(frozen=True, slots=True)
class KnownRam:
    """A usual kind of RAM and its peak bandwidth."""

    name: str
    bandwidth_bytes_per_second: int


def known_gpus() -> tuple[KnownGpu, ...]:
    """The table, in the file's order. Raises PresetError if the file is malformed."""
    return tuple(_known_gpu(entry) for entry in _entries("gpus"))


def known_ram() -> tuple[KnownRam, ...]:
    """The usual kinds of RAM. Raises PresetError if the file is malformed."""
    return tuple(KnownRam(_text(entry, "name"), _bandwidth(entry)) for entry in _entries("ram"))


def find_by_name(
    gpus: Iterable[KnownGpu], name: str, total_bytes: int | None = None, gpu_cores: int | None = None
) -> KnownGpu | None:
    """The table's GPU for a driver's name, or None.

    Of those whose words all occur, the one with the most words; of these the nearest in memory, then in
    GPU cores, and then the slowest, so that a doubt never promises too much. A part of a split card (MIG)
    is none of the table's.
    """
    named = name_words(name)
    if "mig" in named:
        return None
    candidates = [(hit, gpu) for gpu in gpus if (hit := matched_words(gpu, named))]
    if not candidates:
        return None

    def doubt(candidate: tuple[int, KnownGpu]) -> tuple[int, int, int, int]:
        hit, gpu = candidate
        memory = abs((gpu.memory_bytes or 0) - total_bytes) if total_bytes and gpu.memory_bytes else 0
        cores = abs(gpu.gpu_cores - gpu_cores) if gpu.gpu_cores and gpu_cores else 0
        return -hit, memory, cores, gpu.bandwidth_bytes_per_second

    return min(candidates, key=doubt)[1]


def matched_words(gpu: KnownGpu, named: frozenset[str]) -> int:
    """How many words of the longest matching set a name has; 0 if it is not this GPU's name."""
    if gpu.not_words & named:
        return 0
    return max((len(words) for words in gpu.words if words <= named), default=0)


def _entries(key: str) -> Iterable[Mapping[str, object]]:
    entries = read_json(_FILE).get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _malformed(f'"{key}" must be a list of tables')
    return entries


def _known_gpu(entry: Mapping[str, object]) -> KnownGpu:
    vendor = _text(entry, "vendor")
    if vendor not in _VENDORS:
        raise _malformed(f'vendor "{vendor}" is none of {", ".join(_VENDORS)}')
    kind = _text(entry, "kind")
    if kind not in (Kind.DISCRETE, Kind.INTEGRATED, Kind.UNIFIED):
        raise _malformed(f'kind "{kind}" is none of discrete, integrated, unified')
    memory = _positive(entry, "memory_gib")
    options = entry.get("memory_options_gib", [])
    if not isinstance(options, list) or not all(_is_positive(option) for option in options):
        raise _malformed('"memory_options_gib" must be a list of numbers', entry)
    if (memory is None) == (not options):
        raise _malformed('one of "memory_gib" and "memory_options_gib" is needed', entry)
    words = entry.get("words")
    if not isinstance(words, list) or not words:
        raise _malformed('"words" must be a list of word lists', entry)
    multiprocessors, gpu_cores = _positive(entry, "multiprocessors"), _positive(entry, "gpu_cores")
    return KnownGpu(
        id=_text(entry, "id"),
        name=_text(entry, "name"),
        vendor=vendor,
        kind=Kind(kind),
        form=_text(entry, "form"),
        memory_bytes=None if memory is None else int(memory * GiB),
        memory_options_bytes=tuple(int(option * GiB) for option in options),
        bandwidth_bytes_per_second=_bandwidth(entry),
        words=tuple(_word_set(each, entry) for each in words),
        not_words=_word_set(entry.get("not_words", []), entry),
        multiprocessors=None if multiprocessors is None else int(multiprocessors),
        gpu_cores=None if gpu_cores is None else int(gpu_cores),
        prefill_flops_per_second=_prefill(entry),
    )


def _word_set(value: object, entry: Mapping[str, object]) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _malformed("words must be lists of texts", entry)
    return frozenset(value)


def _bandwidth(entry: Mapping[str, object]) -> int:
    value = _positive(entry, "bandwidth_gb_per_second")
    if value is None:
        raise _malformed('"bandwidth_gb_per_second" is missing', entry)
    return round(value * 1_000_000_000)


def _prefill(entry: Mapping[str, object]) -> tuple[int, int] | None:
    value = entry.get("prefill_tflops")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(_is_positive(part) for part in value):
        raise _malformed('"prefill_tflops" must be two numbers above 0', entry)
    low, high = (round(part * 1_000_000_000_000) for part in value)
    if low > high:
        raise _malformed('"prefill_tflops" must be the lower number first', entry)
    _text(entry, "prefill_source")
    return low, high


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise _malformed(f'"{key}" must be a text', entry)
    return value


def _positive(entry: Mapping[str, object], key: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if not _is_positive(value):
        raise _malformed(f'"{key}" must be a number above 0', entry)
    return float(value)


def _is_positive(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9


def _malformed(reason: str, entry: Mapping[str, object] | None = None) -> PresetError:
    where = f' at "{entry["name"]}"' if entry and isinstance(entry.get("name"), str) else ""
    return PresetError(
        f"{_FILE} is malformed{where}: {reason}.",
        hint="Correct your own copy in the presets folder, or remove it.",
    )
