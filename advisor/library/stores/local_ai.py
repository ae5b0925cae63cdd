"""LocalAI's models: a folder of files and of YAML configurations that give them names."""

from __future__ import annotations

from pathlib import Path

from advisor.library.below import find_below
from advisor.library.configured import configured_model
from advisor.library.files import Walk, is_absent, small_text
from advisor.library.installed import InstalledModel, LeftOut, Scan, Unreadable
from advisor.library.places import Places
from advisor.library.yaml_scalars import yaml_scalars

STORE = "localai"

_MAX_DEPTH = 3
_MAX_CONFIG_BYTES = 1024 * 1024


def model_folders(places: Places) -> tuple[Path, ...]:
    """LOCALAI_MODELS_PATH, and the places of its launcher and of its Linux service."""
    named = places.named("LOCALAI_MODELS_PATH")
    usual = (
        places.home / ".localai" / "models",
        places.root / "usr" / "share" / "local-ai" / "models",
    )
    return (named, *usual) if named else usual


def find(places: Places) -> Scan:
    """Its models, by the names of their configurations where they have one. Never raises."""
    models: list[InstalledModel] = []
    unreadable: list[Unreadable] = []
    left_out: list[LeftOut] = []
    for top in model_folders(places):
        if is_absent(top):
            continue
        named = _configured(top)
        plain = find_below([top], STORE, depth=_MAX_DEPTH)
        with_name = {model.path for model in named}
        models += [*named, *(model for model in plain.models if model.path not in with_name)]
        unreadable += plain.unreadable
        left_out += plain.left_out
    return Scan(tuple(models), tuple(unreadable), tuple(left_out))


def _configured(top: Path) -> list[InstalledModel]:
    """What the configurations beside the models name; other backends' and broken ones name nothing."""
    models = []
    for folder in Walk(top, 0):
        for file in folder.files:
            if file.lower().endswith((".yaml", ".yml")):
                try:
                    said = yaml_scalars(small_text(folder.path / file, _MAX_CONFIG_BYTES))
                except (OSError, ValueError):
                    continue
                model = said.get("parameters.model", "")
                if said.get("name") and model.lower().endswith(".gguf") and "://" not in model:
                    models.append(configured_model(STORE, said["name"], top, model, said.get("mmproj")))
    return models
