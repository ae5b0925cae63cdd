"""What may stand after an option: each kind of word read, or refused with how to write it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import inf, nan
from typing import TypeVar

from advisor.errors import UsageError
from advisor.settings.request import ALL_LAYERS
from advisor.units import MiB, parse_size

T = TypeVar("T")


def positive(text: str) -> float:
    """A number above zero, with or without a fraction."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not 0 < number < inf:
        raise UsageError(f'"{text}" is not a number above 0.', hint="Write it like 30, or 2.5.")
    return number


def layers(text: str) -> int:
    """-ngl: a number, or all (-1 is auto in llama.cpp, which we read as all and then judge)."""
    if text in {"all", "auto", "-1"}:
        return ALL_LAYERS
    if not text.isdecimal():
        raise UsageError(f'"{text}" is not a number of layers.', hint="Write it like 33, or all.")
    return int(text)


def memory_size(text: str) -> int:
    """The bytes of a memory. A bare "8" would be 8 bytes, which nobody means: it is refused."""
    n_bytes = parse_size(text)
    if text.strip().isdecimal() and 0 < n_bytes < MiB:
        raise UsageError(f'"{text}" has no unit.', hint=f"Write it like {n_bytes}GiB.")
    return n_bytes


def devices(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    if not all(names):
        raise UsageError(f'"{text}" is not a list of GPUs.', hint="Write it like CUDA0,CUDA1, or none.")
    return names


def overrides(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.rpartition("=") for part in text.split(",")]
    if any(not pattern or not buffer for pattern, _, buffer in pairs):
        raise UsageError(f'"{text}" is not PATTERN=BUFFER.', hint=r"Write it like blk\.1.\.ffn_.*_exps=CPU.")
    return tuple((pattern, buffer) for pattern, _, buffer in pairs)


def shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.replace("/", ",").split(","))
    except ValueError:
        raise UsageError(
            f'"{text}" is not a split.', hint="Write one proportion per GPU, like 3,1."
        ) from None


def typed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """`parse` as an argparse type: its UsageError becomes the parser's own, which names the option."""

    def convert(text: str) -> T:
        try:
            return parse(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(f"{error.message} {error.hint}") from error

    return convert
