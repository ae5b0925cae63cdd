"""What a person may write for MODEL: a file, an installed model's name, an address, or `preset:NAME`."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli.asked.installed import installed_here
from advisor.errors import OutputError, UsageError
from advisor.gguf import GgufHeader
from advisor.gguf.address import is_remote, model_url
from advisor.library import names
from advisor.model import ModelFacts, facts, read_model
from advisor.model.presets import preset_header, split_preset, write_preset
from advisor.units import format_bytes

if TYPE_CHECKING:
    from advisor.gguf.remote import RemoteModel

PRESET = "preset:"


@dataclass(frozen=True, slots=True)
class Model:
    """The model as it is shown, and as the engine can open it; for a file they are the same."""

    facts: ModelFacts
    for_engine: ModelFacts


@contextlib.contextmanager
def opened_model(word: str, *, quiet: bool = False) -> Iterator[Model]:
    """The model that `word` names: a GGUF file, any shard of one, an installed model as Ollama or LM Studio
    name it, an https address, `hf:OWNER/REPO/FILE.gguf`, or `preset:NAME[:QUANTIZATION]`.

    Of an address only the header is fetched, and how much that was is said on stderr. It, and a preset, are
    given to the engine as a temporary file that is as long as the model, for as long as the block lasts.
    Raises ModelError leaves, UsageError for an address that is none, and PresetError for an unknown preset.
    """
    if not word.strip():
        raise UsageError("MODEL is empty.", hint="Give the path of a GGUF file, or preset:llama-3.1-8b.")
    if is_remote(word):
        remote = _fetched(word)
        if not quiet:
            fetched, whole = format_bytes(remote.fetched_bytes), format_bytes(remote.header.file_bytes)
            print(f"Fetched {fetched} of {whole}: the header alone.", file=sys.stderr)
        there = facts(remote.header)
        with tempfile.TemporaryDirectory(prefix="context-advisor-") as folder:
            yield Model(there, replace(there, path=_heads_written(remote, Path(folder))))
        return
    if not word.startswith(PRESET):
        of_file = named_facts(word)
        yield Model(of_file, of_file)
        return
    header = preset_header(*split_preset(word))
    of_preset = facts(header)
    with tempfile.TemporaryDirectory(prefix="context-advisor-") as folder:
        yield Model(of_preset, replace(of_preset, path=_written(header, Path(folder) / "preset.gguf")))


def named_facts(word: str) -> ModelFacts:
    """The facts alone of what `word` names, where no engine will open it. Raises as `opened_model`."""
    if word.startswith(PRESET):
        return facts(preset_header(*split_preset(word)))
    if is_remote(word):
        return facts(_fetched(word).header)
    return read_model(names.model_path(word, installed_here()))


def runtime_of_word(word: str) -> str | None:
    """The runtime that the model belongs to: its rules hold where none was named. None if it is no one's."""
    return names.runtime_of_word(word, installed_here()) if is_here(word) else None


def is_here(word: str) -> bool:
    """Whether the model's file is on this computer: a preset has none, an address is elsewhere."""
    return not word.startswith(PRESET) and not is_remote(word)


def _fetched(word: str) -> RemoteModel:
    from advisor.gguf.remote import read_remote  # urllib and TLS take 40 ms, and a file needs neither

    return read_remote(model_url(word))


def _written(header: GgufHeader, path: Path) -> Path | None:
    """The file, or None if there is no room even for a header: the formula still answers."""
    try:
        write_preset(header, path)
    except OutputError:
        return None
    return path


def _heads_written(remote: RemoteModel, folder: Path) -> Path | None:
    from advisor.gguf.remote import write_heads

    try:
        return write_heads(remote, folder)
    except OutputError:
        return None
