"""One line a model: what it is, and the largest context that is safe here, by formula from its header."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.errors import AdvisorError, GgufError, ModelError
from advisor.gguf.shards import shard_paths
from advisor.hardware.device import Hardware
from advisor.library.installed import NO_MODEL, PARTIAL, InstalledModel, LeftOut
from advisor.library.listing import header_cache
from advisor.library.listing.facts_json import facts_from_json, facts_to_json
from advisor.library.listing.header_cache import Entry, HeaderCache
from advisor.library.listing.judgement import (
    Judgement,
    computer_key,
    judged,
    judgement_from_json,
    judgement_to_json,
    verdict_now,
    verdict_of,
)
from advisor.library.stores.ollama import STORE as OLLAMA
from advisor.memory.plan import Verdict
from advisor.model import ModelFacts, read_model
from advisor.settings.request import Request

# Refusals of files that are no trouble, only no models: with a name in Ollama they were meant as one.
_LEFT_OUT = {"not-a-model": NO_MODEL, "truncated": PARTIAL}


@dataclass(frozen=True, slots=True)
class Listed:
    """An installed model, what its header says, and what fits.

    `n_ctx_max` is the largest safe context by formula, as the model's runtime would load it with f16 and all
    layers on the GPU, 0 where none is; `verdict` is of that context, else of the smallest. What could not be
    read or planned has None there and a `problem`.
    """

    installed: InstalledModel
    architecture: str | None = None
    quantization: str | None = None
    n_ctx_train: int | None = None
    n_ctx_max: int | None = None
    verdict: Verdict | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Header:
    """What the cache keeps of a header as a line: its facts for people, or why it was refused."""

    architecture: str = ""
    quantization: str = ""
    n_ctx_train: int = 0
    code: str = ""
    message: str = ""


def listed(
    models: Iterable[InstalledModel], hardware: Hardware, cache: HeaderCache | None = None
) -> Iterator[Listed]:
    """A line for each of `models`; what turns out to be none is left out (see `listed_or_left_out`)."""
    for line in listed_or_left_out(models, hardware, cache):
        if isinstance(line, Listed):
            yield line


def listed_or_left_out(
    models: Iterable[InstalledModel], hardware: Hardware, cache: HeaderCache | None = None
) -> Iterator[Listed | LeftOut]:
    """A line for each of `models`, or why it is left out: half a file, or a side file of another name.

    Headers are read one after another: parsing is what takes time, and holds the interpreter. What `cache`
    knows is not read again.
    """
    known = cache or HeaderCache(None)
    computer = computer_key(hardware)
    for model in models:
        yield (
            Listed(model, problem=model.problem) if model.problem else _line(model, hardware, computer, known)
        )


def _line(model: InstalledModel, hardware: Hardware, computer: str, cache: HeaderCache) -> Listed | LeftOut:
    try:
        shards = shard_paths(model.path)
    except GgufError as error:
        return Listed(model, problem=error.message)
    stamp = header_cache.stamp_of(shards)
    entry = cache.entry(model.path, stamp) if stamp else None
    facts: ModelFacts | None = None
    header = _header_from_json(entry.line) if entry else None
    if entry is None or header is None:
        header, facts = _read(model.path)
        entry = Entry(stamp or "", _header_to_json(header))
        if stamp:
            cache.keep(model.path, entry, facts_to_json(facts) if facts else "")
    if header.code:
        return _refused(model, header)
    line = Listed(model, header.architecture, header.quantization, header.n_ctx_train)
    # A runtime plans in its own way: its answer is none for another.
    key = f"{computer}:{model.runtime or ''}"
    old = _judgement(entry)
    if old and entry.computer == key and (verdict := verdict_now(old, hardware)):
        return replace(line, n_ctx_max=old.n_ctx, verdict=verdict)
    try:
        facts = facts or _facts(cache, model.path, shards)
        new = judged(facts, Request(runtime=model.runtime), hardware, old)
    except AdvisorError as error:
        return replace(line, problem=error.message)
    if stamp:
        cache.keep_judgement(model.path, replace(entry, computer=key, judgement=judgement_to_json(new)))
    return replace(line, n_ctx_max=new.n_ctx, verdict=verdict_of(new, hardware))


def _read(path: Path) -> tuple[_Header, ModelFacts | None]:
    try:
        facts = read_model(path)
    except ModelError as error:
        return _Header(code=error.code, message=error.message), None
    return _Header(facts.architecture, facts.quantization, facts.n_ctx_train), facts


def _refused(model: InstalledModel, header: _Header) -> Listed | LeftOut:
    if header.code in _LEFT_OUT and model.store != OLLAMA:
        return LeftOut(model.path, _LEFT_OUT[header.code], header.message)
    return Listed(model, problem=header.message)


def _facts(cache: HeaderCache, path: Path, shards: tuple[Path, ...]) -> ModelFacts:
    """From the cache, else from the file. Raises ModelError leaves."""
    text = cache.facts(path)
    try:
        if text:
            return facts_from_json(text, path, shards)
    except ValueError:
        pass
    return read_model(path)


def _judgement(entry: Entry) -> Judgement | None:
    try:
        return judgement_from_json(entry.judgement) if entry.judgement else None
    except ValueError:
        return None


def _header_to_json(header: _Header) -> str:
    return json.dumps(
        [header.architecture, header.quantization, header.n_ctx_train, header.code, header.message]
    )


def _header_from_json(text: str) -> _Header | None:
    """None for what `_header_to_json` did not write."""
    try:
        architecture, quantization, n_ctx_train, code, message = json.loads(text)
        return _Header(str(architecture), str(quantization), int(n_ctx_train), str(code), str(message))
    except (ValueError, TypeError, RecursionError):
        return None
