"""The GPU that a person means by what they typed: "4070", "rtx4070ti", "RTX 4060 Ti 16GB", "M4 Max"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.errors import PresetError
from advisor.hardware.gpu_names import name_words
from advisor.hardware.gpu_table import KnownGpu, matched_words
from advisor.units import GiB, format_bytes

_MEMORY = re.compile(r"\b(\d{1,4})\s*(?:gib|gb|g)\b", re.IGNORECASE)
# Models have four digits or a letter; no card has a thousand GiB.
_SIZE_ALONE = re.compile(r"\s*(\d{1,3})\s*(?:gib|gb|g)?\s*", re.IGNORECASE)
_SYNONYMS = {"mobile": "laptop", "notebook": "laptop"}
_BRANDS = ("nvidia", "geforce", "amd", "radeon", "intel", "apple")
_SUGGESTIONS = 3
_LONGEST_WORD = 60  # typed without spaces; no name is as long


@dataclass(frozen=True, slots=True)
class Choice:
    """The GPU, with how much memory if that was typed, and others that the words would fit as well."""

    gpu: KnownGpu
    memory_bytes: int | None
    others: tuple[KnownGpu, ...]


def choose_gpu(gpus: Sequence[KnownGpu], text: str, ram_bytes: int | None = None) -> Choice:
    """The table's GPU for a typed name. Raises PresetError with the nearest names if there is none.

    Several that fit equally well differ in memory or speed: the first in the table is the usual one, or
    that which is sold with `ram_bytes`, where one memory serves all.
    """
    found = _MEMORY.search(text)
    memory = int(found[1]) * GiB if found else None
    candidates = _candidates(gpus, text)
    if not candidates and (size := _SIZE_ALONE.fullmatch(text)):
        raise PresetError(f'"{text}" is a size, not a GPU.', hint=f"Write it like --vram {size[1]}GiB.")
    if not candidates:
        raise PresetError(f'No GPU called "{text}" is known.', hint=_suggestion(gpus, text))
    if memory is not None:
        of_size = [gpu for gpu in candidates if memory in sizes(gpu)]
        if not of_size:
            known = " or ".join(dict.fromkeys(format_bytes(n) for gpu in candidates for n in sizes(gpu)))
            raise PresetError(
                f"{candidates[0].name} has {known}, not {format_bytes(memory)}.",
                hint="Leave the size out, or give another one with --vram.",
            )
        candidates = of_size
    elif ram_bytes is not None and candidates[0].memory_bytes is None:
        candidates.sort(key=lambda gpu: ram_bytes not in sizes(gpu))
    return Choice(candidates[0], memory, tuple(candidates[1:]))


def sizes(gpu: KnownGpu) -> tuple[int, ...]:
    """With how much memory a GPU is sold, in bytes."""
    return gpu.memory_options_bytes if gpu.memory_bytes is None else (gpu.memory_bytes,)


def _candidates(gpus: Sequence[KnownGpu], text: str) -> list[KnownGpu]:
    vocabulary = frozenset[str]().union(*(name_words(gpu.name).union(*gpu.words) for gpu in gpus))
    without_size = _typed_words(_MEMORY.sub(" ", text), vocabulary)
    if not without_size:
        return []
    for named in (_typed_words(text, vocabulary), without_size):
        exact = [gpu for gpu in gpus if gpu.id == text.strip().lower() or named == name_words(gpu.name)]
        if exact:
            return exact
        hits = [(hit, gpu) for gpu in gpus if (hit := matched_words(gpu, named))]
        if hits:
            most = max(hit for hit, _ in hits)
            return [gpu for hit, gpu in hits if hit == most]
        # A part of the name will do if it says which model: it is the only one, or some word has a digit.
        partial = [gpu for gpu in gpus if named <= name_words(gpu.name)]
        if len(partial) == 1:
            return partial
        if partial and any(any(letter.isdigit() for letter in word) for word in named):
            shortest = min(len(name_words(gpu.name)) for gpu in partial)
            return [gpu for gpu in partial if len(name_words(gpu.name)) == shortest]
    return []


def _typed_words(text: str, vocabulary: frozenset[str]) -> frozenset[str]:
    words = (_SYNONYMS.get(word, word) for word in name_words(text))
    return frozenset(part for word in words for part in _split(word, vocabulary) or [word])


def _split(word: str, vocabulary: frozenset[str]) -> list[str]:
    """A word typed without spaces as words of the table: "rtx4070ti" -> rtx, 4070, ti; [] if it is none."""
    if len(word) > _LONGEST_WORD:
        return []
    for end in range(min(len(word), 12), 0, -1):
        if word[:end] in vocabulary:
            if end == len(word):
                return [word]
            if rest := _split(word[end:], vocabulary):
                return [word[:end], *rest]
    return []


def _suggestion(gpus: Sequence[KnownGpu], text: str) -> str:
    names = {_without_brand(gpu.name): gpu.name for gpu in gpus}
    near = difflib.get_close_matches(_without_brand(text), names, n=_SUGGESTIONS, cutoff=0.6)
    if not near:
        return "Write it like RTX 4070, RX 7900 XTX or M4 Max, or give a size with --vram."
    return f"The nearest are {', '.join(names[name] for name in near)}. Or give a size with --vram."


def _without_brand(name: str) -> str:
    return " ".join(word for word in name.lower().split() if word not in _BRANDS)
