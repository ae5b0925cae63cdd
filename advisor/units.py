"""Bytes and token counts, and how they are spelled.

Everything inside the program counts bytes in plain ints; the units below exist only at the edges, where
a person types a size or reads one. Sizes are 1024-based and say so: "GiB", never "GB" for 2^30.
"""

from __future__ import annotations

import re

from advisor.errors import UsageError

KiB = 1024
MiB = 1024 * KiB
GiB = 1024 * MiB
TiB = 1024 * GiB

# llama.cpp pads the context to this (GGML_PAD(n_ctx, 256) in src/llama-context.cpp).
CONTEXT_STEP = 256

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(b?)\s*", re.IGNORECASE)
_TOKENS = re.compile(r"\s*(\d[\d,_]*)\s*([km]?)\s*", re.IGNORECASE)
_FACTORS = {"": 1, "k": KiB, "m": MiB, "g": GiB, "t": TiB}


def pad(value: int, multiple: int) -> int:
    """`value` rounded up to a multiple of `multiple` (GGML_PAD)."""
    return -(-value // multiple) * multiple


def format_bytes(n_bytes: int) -> str:
    """A size for people: 1234567 -> "1.2 MiB".

    >>> format_bytes(0), format_bytes(1023), format_bytes(1536), format_bytes(16 * GiB)
    ('0 B', '1023 B', '1.5 KiB', '16.0 GiB')
    """
    if n_bytes < 0:
        return f"-{format_bytes(-n_bytes)}"
    if n_bytes < KiB:
        return f"{n_bytes} B"
    for unit, size in (("TiB", TiB), ("GiB", GiB), ("MiB", MiB)):
        # 1023.96 MiB would print as "1024.0 MiB": what rounds to the next unit is shown in it.
        if n_bytes >= size * (1 - 0.00005):
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes / KiB:.1f} KiB"


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
