"""Bytes and token counts, and how they are spelled.

Everything inside the program counts bytes in plain ints; the units below exist only at the edges, where
a person types a size or reads one. Sizes are 1024-based and say so: "GiB", never "GB" for 2^30. A window
may spell them 1000-based instead, once for the whole process: then they say "GB".
"""

from __future__ import annotations

import re
from enum import StrEnum

from advisor.errors import UsageError

KiB = 1024
MiB = 1024 * KiB
GiB = 1024 * MiB
TiB = 1024 * GiB

# llama.cpp pads the context to this (GGML_PAD(n_ctx, 256) in src/llama-context.cpp).
CONTEXT_STEP = 256

# Fifteen digits are more than any computer has of anything; numbers without end are no numbers to Python.
_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]?)(i?)(b?)\s*", re.IGNORECASE)
_TOKENS = re.compile(r"\s*(\d[\d,_]{0,19})\s*([km]?)\s*", re.IGNORECASE)
_FACTORS = {"": 1, "k": KiB, "m": MiB, "g": GiB, "t": TiB}


class ByteUnits(StrEnum):
    """What sizes are spelled in."""

    BINARY = "GiB"  # 1024-based
    DECIMAL = "GB"  # 1000-based


def pad(value: int, multiple: int) -> int:
    """`value` rounded up to a multiple of `multiple` (GGML_PAD)."""
    return -(-value // multiple) * multiple


class _Spelling:
    """A choice of the one who reads, not of any computation: one for the process."""

    units = ByteUnits.BINARY


def byte_units() -> ByteUnits:
    """What `format_bytes` spells sizes in."""
    return _Spelling.units


def spell_bytes_in(units: ByteUnits) -> None:
    """Spell sizes in these units from now on. What was spelled before stays as it is."""
    _Spelling.units = units


def unit_sizes() -> tuple[tuple[str, int], ...]:
    """The names and bytes of the units that sizes are spelled in, largest first."""
    if byte_units() is ByteUnits.DECIMAL:
        return ("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 1000)
    return ("TiB", TiB), ("GiB", GiB), ("MiB", MiB), ("KiB", KiB)


def format_bytes(n_bytes: int) -> str:
    """A size for people: 1234567 -> "1.2 MiB".

    >>> format_bytes(0), format_bytes(1023), format_bytes(1536), format_bytes(16 * GiB)
    ('0 B', '1023 B', '1.5 KiB', '16.0 GiB')
    """
    if n_bytes < 0:
        return f"-{format_bytes(-n_bytes)}"
    *large, (smallest, step) = unit_sizes()
    if n_bytes < step:
        return f"{n_bytes} B"
    for unit, size in large:
        # 1023.96 MiB would print as "1024.0 MiB": what rounds to the next unit is shown in it.
        if n_bytes >= size * (1 - 0.00005):
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes / step:.1f} {smallest}"


def format_tokens(n_tokens: int) -> str:
    """A token count for people: 49152 -> "49,152"."""
    return f"{n_tokens:,}"


def parse_size(text: str) -> int:
    """Bytes of a size as typed: "12GiB", "12288MiB", "12G" (= GiB), "512" (bytes).

    Raises UsageError for anything else. "GB" is read as 10^9, since that is what it means.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise UsageError(f'"{text}" is not a size.', hint="Write it like 12GiB, 512MiB or 12G.")
    number, letter, binary, byte = match.groups()
    letter = letter.lower()
    decimal = bool(letter) and not binary and bool(byte)
    factor = 1000 ** "kmgt".index(letter) * 1000 if decimal else _FACTORS[letter]
    return int(float(number) * factor) if "." in number else int(number) * factor


def parse_tokens(text: str) -> int:
    """Tokens as typed: "32768", "32,768", "32k" (= 32,768), "1m" (= 1,048,576).

    Raises UsageError for anything else.
    """
    match = _TOKENS.fullmatch(text)
    if not match:
        raise UsageError(f'"{text}" is not a number of tokens.', hint="Write it like 32768 or 32k.")
    digits, letter = match.groups()
    return int(digits.replace(",", "").replace("_", "")) * _FACTORS[letter.lower()]


def format_seconds(seconds: float) -> str:
    """A wait in few digits: 0.4 s, 12 s, 3 min, 1.5 h."""
    if seconds < 1:
        return f"{seconds:.1g} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 5970:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.2g} h"
