"""Which of the loaded models is the one that was planned, and where its load is not what was planned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from advisor.export.asking.answer import Loaded
from advisor.export.export import Export
from advisor.library.files import identity
from advisor.library.same_content import named_hash, sampled_hash
from advisor.library.stores.ollama import full_name
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_tokens

_NOT_IN_A_NAME = re.compile("[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ThisModel:
    """What the planned model can be told from others by. `path` is None where there is no file here.

    `is_split`: it has several files, `path` is the first, and Ollama makes another one of them all.
    """

    path: Path | None
    file_bytes: int
    architecture: str
    quantization: str
    names: frozenset[str]
    is_split: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A loaded model; `is_this`: whether it is the planned one, None where that cannot be told.

    `differences` are sentences, none for another model.
    """

    loaded: Loaded
    is_this: bool | None
    differences: tuple[str, ...]


def this_model(facts: ModelFacts, export: Export, names: Iterable[str] = ()) -> ThisModel:
    """What is known of the planned model; `names` are those it was asked for by."""
    first = facts.shards[0] if facts.shards else facts.path
    created = (words[2] for words in export.programs if words[:2] == ("ollama", "create"))
    known = {name for name in (*names, *created, export.model_key) if name}
    return ThisModel(
        path=first.absolute() if first and first.is_file() else None,
        file_bytes=facts.file_bytes,
        architecture=facts.architecture,
        quantization=facts.quantization,
        names=frozenset(known | {full_name(name) for name in known}),
        is_split=len(facts.shards) > 1,
    )


def compared(found: Iterable[Loaded], model: ThisModel, wanted: LoadSettings) -> tuple[Compared, ...]:
    """Each loaded model, those that are the planned one first."""
    answers = [(is_this(it, model), it) for it in found]
    made = [Compared(it, which, () if which is False else differences(it, wanted)) for which, it in answers]
    return tuple(sorted(made, key=lambda it: (True, None, False).index(it.is_this)))


def is_this(it: Loaded, model: ThisModel) -> bool | None:
    """Whether a loaded model is the planned one; None where the program does not tell enough.

    The file decides, by its hash, its place or its content; a name only where the file is not told. What
    differs in kind or size is another one.
    """
    by_file = _same_file(it.path, model) if it.path else None
    if by_file is not None:
        return by_file
    if _differ(it.architecture, model.architecture) or _differ(it.quantization, model.quantization):
        return False
    if {it.name, *it.names} & model.names:
        return True
    if it.file_bytes is None:
        return None
    # LM Studio may count a projector that lies beside the file.
    return it.file_bytes == model.file_bytes or (None if it.file_bytes > model.file_bytes else False)


def _same_file(said: str, model: ThisModel) -> bool | None:
    if model.path is None:
        return None
    there = Path(said)
    which = identity(there) if there.is_absolute() else None  # None in a container, and if not ours to see
    if which is not None and which == identity(model.path):
        return True
    theirs, ours = named_hash(there), named_hash(model.path)
    if theirs and (ours or model.is_split):
        return None if model.is_split else theirs == ours
    if which is not None:
        samples = sampled_hash(there), sampled_hash(model.path)
        return samples[0] == samples[1] if all(samples) else None
    is_called_so = said.replace("\\", "/").rpartition("/")[2] == model.path.name
    # Where it is named by its content, this one would have to be read whole.
    return None if theirs or is_called_so else False


def _differ(said: str | None, known: str) -> bool:
    """Whether two words for a kind are not the same one; "unknown" and none differ from nothing."""
    first, second = (_NOT_IN_A_NAME.sub("", word.lower()) for word in (said or "", known))
    return bool(first and second) and first != second and "unknown" not in {first, second}


def also_loaded(it: Loaded) -> str:
    """A sentence for another model that takes memory at the same time."""
    if it.size_bytes is None:
        return f"Also loaded: {it.name}; how much memory it takes is not told."
    on_gpu = f", {format_bytes(it.on_gpu_bytes)} of it on the GPU" if it.on_gpu_bytes else ""
    return f"Also loaded: {it.name}, which takes {format_bytes(it.size_bytes)}{on_gpu}."


def differences(it: Loaded, wanted: LoadSettings) -> tuple[str, ...]:
    """Where the load is not what was planned, in sentences; none where it is."""
    return tuple(_differences(it, wanted))


def _differences(it: Loaded, wanted: LoadSettings) -> Iterator[str]:
    n_ctx = wanted.n_ctx_per_slot
    if it.n_ctx is not None and it.n_ctx < n_ctx:
        yield (
            f"{it.name} has {format_tokens(it.n_ctx)} tokens of context instead of {format_tokens(n_ctx)}: "
            "longer texts are cut."
        )
    if it.n_ctx is not None and it.n_ctx > n_ctx:
        yield (
            f"{it.name} has {format_tokens(it.n_ctx)} tokens of context, more than the planned "
            f"{format_tokens(n_ctx)}: it takes more memory."
        )
    if it.n_slots is not None and it.n_slots != wanted.n_seq_max:
        yield f"It has {it.n_slots} slots instead of {wanted.n_seq_max}."
    if it.flash_attn is False and wanted.flash_attn != "off":
        yield "Flash attention is off there: it takes more memory than planned."
    gpu_wanted = wanted.n_gpu_layers > 0
    if gpu_wanted and it.offload_kqv is not None and it.offload_kqv != wanted.offload_kqv:
        place = ("in RAM", "on the GPU")
        yield f"Its KV cache is {place[it.offload_kqv]}; {place[wanted.offload_kqv]} was planned."
    if gpu_wanted and it.size_bytes and it.on_gpu_bytes is not None and it.on_gpu_bytes < it.size_bytes:
        beside = format_bytes(it.size_bytes - it.on_gpu_bytes)
        yield f"{beside} of {format_bytes(it.size_bytes)} are not on the GPU, where all is faster."
