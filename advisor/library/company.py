"""The projectors that go with a model file: what its store has for it, else what lies beside it."""

from __future__ import annotations

from pathlib import Path

from advisor.errors import ModelError
from advisor.library.gguf_files import gguf_files
from advisor.library.places import Places
from advisor.library.stores import ollama
from advisor.model.facts import ModelFacts
from advisor.model.projector import Projector, read_projector

# What may be asked about a file that is not a model (advisor/model/refusals.py says so with this code).
NOT_A_MODEL = "not-a-model"
# These load a model's projector without being told.
LOAD_IT_ALWAYS = frozenset({"ollama", "lm-studio"})


def projectors_of(facts: ModelFacts, places: Places) -> tuple[Projector, ...]:
    """The readable ones, the smallest first. A projector of another model in the same folder is none."""
    path = facts.shards[0] if facts.shards else facts.path
    if path is None:
        return ()
    found = []
    for candidate in _of_its_store(path, places) or _beside(path):
        try:
            found.append(read_projector(candidate))
        except ModelError:
            continue
    return tuple(sorted(found, key=lambda projector: projector.weights_bytes))


def is_projector(path: Path) -> bool:
    """By its name alone, as publishers begin or end it."""
    if "mmproj" not in path.name.lower():
        return False  # at once: of a thousand files that are dropped, none is looked at
    return bool(gguf_files(path.parent, [path.name]).projectors)


def _of_its_store(path: Path, places: Places) -> tuple[Path, ...]:
    """Ollama's files have no names of their own: its manifests say what goes together."""
    if not ollama.is_blob(path):
        return ()
    return next((model.projectors for model in ollama.find(places).models if model.path == path), ())


def _beside(path: Path) -> tuple[Path, ...]:
    try:
        names = [file.name for file in path.parent.iterdir()]
    except OSError:
        return ()
    if not any("mmproj" in name.lower() for name in names):
        return ()  # without looking at each file of a folder of a thousand
    models = gguf_files(path.parent, names).models
    return next((model.projectors for model in models if model.path == path), ())
