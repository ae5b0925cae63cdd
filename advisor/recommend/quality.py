"""What KV cache types cost in precision, in words and with sources: `presets/cache_types.toml`.

Beside llama.cpp's own types the file holds some that only forks have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from advisor.basis import Note
from advisor.errors import PresetError
from advisor.presets import preset_path, read_toml, user_presets
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings

FILE = "cache_types.toml"


@dataclass(frozen=True, slots=True)
class CacheQuality:
    """What is known of one type for K and V alike, or of a pair ("q8_0/q4_0")."""

    name: str
    short: str
    text: str
    sources: tuple[str, ...]
    seen: str


@dataclass(frozen=True, slots=True)
class ForkType:
    """A type that only a fork has. `pairs` are K and V as its makers advise them."""

    name: str
    fork: str
    block_elements: int
    block_bytes: int
    pairs: tuple[tuple[str, str], ...]
    text: str
    sources: tuple[str, ...]
    seen: str


@dataclass(frozen=True, slots=True)
class CacheTypes:
    """The whole file."""

    qualities: Mapping[str, CacheQuality]
    forks: Mapping[str, ForkType]

    def of(self, cache_type_k: str, cache_type_v: str) -> CacheQuality | None:
        """What is known of these types together, put together from both where nobody speaks of the pair."""
        k, v = cache_type_k, cache_type_v
        name = k if k == v else f"{k}/{v}"
        found, of_k, of_v = self.qualities.get(name), self.qualities.get(k), self.qualities.get(v)
        if found or not of_k or not of_v:
            return found
        return CacheQuality(
            name=name,
            short=f"K: {of_k.short}; V: {of_v.short}",
            text=f"K in {k}: {of_k.text} V in {v}: {of_v.text}",
            sources=tuple(dict.fromkeys((*of_k.sources, *of_v.sources))),
            seen=f"{k}: {of_k.seen}; {v}: {of_v.seen}",
        )


def load_cache_types() -> CacheTypes:
    """What the file says, read again only when it changes. Raises PresetError where it is malformed."""
    own = user_presets() / FILE
    return _parsed(*((path, path.stat().st_mtime_ns) for path in (preset_path(FILE), own) if path.is_file()))


@lru_cache(maxsize=1)
def _parsed(*_files: tuple[Path, int]) -> CacheTypes:
    """A table of alternatives asks for each of its rows."""
    qualities: dict[str, CacheQuality] = {}
    forks: dict[str, ForkType] = {}
    for name, entry in read_toml(FILE).items():
        if not isinstance(entry, Mapping):
            raise _malformed(name, "it is not a table")
        try:
            if "block_bytes" in entry:
                forks[name] = _fork_type(name, entry)
            else:
                qualities[name] = _quality(name, entry)
        except (KeyError, TypeError, ValueError) as error:
            raise _malformed(name, str(error)) from error
    for fork in forks.values():
        for cache_type in (word for pair in fork.pairs for word in pair):
            if cache_type not in CACHE_TYPES and cache_type not in forks:
                raise _malformed(fork.name, f'there is no cache type "{cache_type}"')
    return CacheTypes(qualities, forks)


def quality_of(settings: LoadSettings) -> Note | None:
    """What the cache types of `settings` cost in precision, None where the file says nothing of them."""
    found = load_cache_types().of(settings.cache_type_k, settings.cache_type_v)
    if found is None:
        return None
    values = {
        "cache_types": found.name,
        "short": found.short,
        "sources": "; ".join(found.sources),
        "seen": found.seen,
    }
    return Note("cache-quality", found.text, values)


def _quality(name: str, entry: Mapping[str, object]) -> CacheQuality:
    k, _, v = name.partition("/")
    if k not in CACHE_TYPES or (v or k) not in CACHE_TYPES:
        raise ValueError(f"it is none of {', '.join(CACHE_TYPES)}, and no pair of them")
    return CacheQuality(
        name, _text(entry["short"]), _text(entry["text"]), _texts(entry["sources"]), _text(entry["seen"])
    )


def _fork_type(name: str, entry: Mapping[str, object]) -> ForkType:
    if name in CACHE_TYPES:
        raise ValueError("llama.cpp itself has this type")
    pairs = tuple(_pair(text) for text in _texts(entry["pairs"]))
    return ForkType(
        name=name,
        fork=_text(entry["fork"]),
        block_elements=_whole(entry["block_elements"]),
        block_bytes=_whole(entry["block_bytes"]),
        pairs=pairs,
        text=_text(entry["text"]),
        sources=_texts(entry["sources"]),
        seen=_text(entry["seen"]),
    )


def _pair(text: str) -> tuple[str, str]:
    k, slash, v = text.partition("/")
    if not (k and slash and v):
        raise ValueError(f'"{text}" is not a pair like q8_0/q8_0')
    return k, v


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"{value!r} is not a text")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and value:
        return tuple(_text(item) for item in value)
    raise ValueError(f"{value!r} is not a list of texts")


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError(f"{value!r} is not a positive whole number")


def _malformed(name: str, reason: str) -> PresetError:
    return PresetError(
        f'The cache type "{name}" is malformed: {reason}.',
        hint=f"Compare it with the others in {FILE}.",
    )
