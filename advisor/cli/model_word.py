"""What a person may write for MODEL: a file, the name of an installed model, or `preset:NAME`."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.errors import OutputError
from advisor.gguf import GgufHeader
from advisor.library import names
from advisor.library.places import places_here
from advisor.model import ModelFacts, facts, read_model
from advisor.model.presets import preset_header, split_preset, write_preset

PRESET = "preset:"


@dataclass(frozen=True, slots=True)
class Model:
    """The model as it is shown, and as the engine can open it; for a file they are the same."""

    facts: ModelFacts
    for_engine: ModelFacts


@contextlib.contextmanager
def opened_model(word: str) -> Iterator[Model]:
    """The model that `word` names: a GGUF file, any shard of one, an installed model as Ollama or LM Studio
    name it, or `preset:NAME[:QUANTIZATION]`.

    A preset gets a header of its own in a temporary file, long enough for the engine to plan with and without
    content, for as long as the block lasts. Raises ModelError leaves, and PresetError for an unknown preset.
    """
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
    return read_model(names.model_path(word, places_here()))


def runtime_of_word(word: str) -> str | None:
    """The runtime that the model belongs to: its rules hold where none was named. None if it is no one's."""
    return None if word.startswith(PRESET) else names.runtime_of_word(word, places_here())


def _written(header: GgufHeader, path: Path) -> Path | None:
    """The file, or None if there is no room even for a header: the formula still answers."""
    try:
        write_preset(header, path)
    except OutputError:
        return None
    return path
