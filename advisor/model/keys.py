"""Reading one model's metadata keys: the right kind of value, within bounds, or a sentence why not.

Mirrors llama.cpp's `get_key`, `get_key_or_arr` and `get_arr` (src/llama-model-loader.cpp), which decide
what a missing key, a single value or a list means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.gguf.header import SkippedArray, Value
from advisor.model import refusals

# Sizes and counts are u32 in a header.
MAX_VALUE = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Keys:
    """The metadata of one model. Names are without the architecture: "block_count" is "llama.block_count".

    Every method raises ModelFactsError for a value that llama.cpp would not read.
    """

    metadata: Mapping[str, Value]
    architecture: str
    known: bool  # an architecture of llama.cpp's own list

    def full(self, name: str) -> str:
        """The key as it stands in the header."""
        return f"{self.architecture}.{name}"

    def has(self, name: str) -> bool:
        return self.full(name) in self.metadata

    def number(self, name: str, default: int | None = None) -> int:
        """A single number >= 0; without a `default` the key must be there."""
        value = self.metadata.get(self.full(name))
        if value is None:
            if default is None:
                raise refusals.missing(self.full(name), self.architecture, known=self.known)
            return default
        return self._checked(name, value)

    def positive(self, name: str, most: int = MAX_VALUE) -> int:
        """A single number that must be there, from 1 to `most`."""
        value = self.number(name)
        if not 1 <= value <= most:
            raise refusals.absurd(
                self.full(name), f"is {value:,}" + (f", but {most:,} is the most" if value else "")
            )
        return value

    def truth(self, name: str, *, default: bool) -> bool:
        value = self.metadata.get(self.full(name), default)
        if not isinstance(value, bool):
            raise refusals.wrong_type(self.full(name), value, "true or false")
        return value

    def per_layer(self, name: str, n_layer: int, default: int | None = None) -> tuple[int, ...]:
        """A number for every layer: the header has one for all or a list of exactly `n_layer`."""
        value = self.metadata.get(self.full(name))
        if isinstance(value, SkippedArray):
            raise refusals.wrong_length(self.full(name), value.length, n_layer)
        if not isinstance(value, tuple):
            return (self.number(name, default),) * n_layer
        if len(value) != n_layer:
            raise refusals.wrong_length(self.full(name), len(value), n_layer)
        return tuple(self._checked(name, v, flags=True) for v in value)

    def array(self, name: str) -> tuple[int, ...] | None:
        """The list of numbers or truth values under this key; None if there is none or a single value."""
        value = self.metadata.get(self.full(name))
        if isinstance(value, SkippedArray):
            raise refusals.absurd(self.full(name), f"has {value.length:,} entries")
        if not isinstance(value, tuple):
            return None
        return tuple(self._checked(name, v, flags=True) for v in value)

    def required_array(self, name: str) -> tuple[int, ...]:
        value = self.array(name)
        if value is None:
            if self.has(name):
                raise refusals.wrong_type(self.full(name), self.metadata[self.full(name)], "a list")
            raise refusals.missing(self.full(name), self.architecture, known=self.known)
        return value

    def length(self, name: str) -> int:
        """How many entries the list under this key has; 0 if there is none."""
        value = self.metadata.get(name)
        if isinstance(value, SkippedArray):
            return value.length
        return len(value) if isinstance(value, tuple) else 0

    def text(self, name: str) -> str:
        """A descriptive text, whole key named; "" if it is missing or no text: nothing depends on it."""
        value = self.metadata.get(name)
        return value.strip() if isinstance(value, str) else ""

    def _checked(self, name: str, value: Value, *, flags: bool = False) -> int:
        if isinstance(value, bool) and flags:
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise refusals.wrong_type(self.full(name), value, "a number")
        if not 0 <= value <= MAX_VALUE:
            raise refusals.absurd(self.full(name), f"is {value:,}")
        return value
