"""Docker Model Runner's store: models.json with the tags, manifests and blobs by their hash.

The layout is that of docker/model-runner, pkg/distribution/internal/store; the layers' types are those of
its pkg/distribution/types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.library.blobs import layers_in, looked_at
from advisor.library.files import because, file_bytes, is_absent, small_table, unreadable
from advisor.library.installed import NOT_GGUF, InstalledModel, Scan
from advisor.library.places import Places
from advisor.library.safetensors import NOT_A_GGUF

STORE = "docker"

_MAX_INDEX_BYTES = 16 * 1024 * 1024
_MAX_MANIFEST_BYTES = 4 * 1024 * 1024
_DIGEST = re.compile(r"(sha256):([0-9a-f]{64})")
_HUB = ("index.docker.io/", "docker.io/", "registry-1.docker.io/")
_FILE_PATH = "org.cncf.model.filepath"  # the annotation of layers whose type says only that they are weights


@dataclass(frozen=True, slots=True)
class _Layer:
    kind: str  # "gguf" | "projector" | "safetensors" | ""
    blob: Path


def store_folder(places: Places) -> Path:
    """Where Docker Model Runner keeps its models."""
    return places.named("MODELS_PATH") or places.home / ".docker" / "models"


def find(places: Places) -> Scan:
    """Its models, by their tags. Never raises."""
    base = store_folder(places)
    index = base / "models.json"
    if is_absent(index):
        return Scan()
    try:
        entries = small_table(index, _MAX_INDEX_BYTES).get("models")
    except (OSError, ValueError) as error:
        return Scan((), (unreadable(index, error),))
    found = (
        [_model(base, entry) for entry in entries if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )
    return Scan(tuple(model for model in found if model))


def _model(base: Path, entry: Mapping[str, object]) -> InstalledModel | None:
    """The model of one entry, None for what no one can name or what is something else."""
    tags = entry.get("tags")
    digest = _DIGEST.fullmatch(str(entry.get("id")))
    if digest is None:
        return None
    said = [tag for tag in tags if isinstance(tag, str) and tag] if isinstance(tags, list) else []
    names = [_shown(tag) for tag in said] or [f"{digest[1]}:{digest[2][:12]}"]
    manifest = base / "manifests" / digest[1] / digest[2]
    other_names = tuple(names[1:])
    try:
        layers = _layers(base, manifest)
    except (OSError, ValueError) as error:
        words = f"Its manifest cannot be read: {because(error)}."
        return InstalledModel(STORE, names[0], manifest, 0, other_names, problem=words)
    weights = [layer.blob for layer in layers if layer.kind == "gguf"]
    if not weights:
        tensors = sum(file_bytes(layer.blob) for layer in layers if layer.kind == "safetensors")
        if not tensors:
            return None
        return InstalledModel(
            STORE, names[0], manifest, tensors, other_names, format=NOT_GGUF, problem=NOT_A_GGUF
        )
    file_format, problem = looked_at(weights)
    return InstalledModel(
        STORE,
        names[0],
        weights[0],
        sum(file_bytes(blob) for blob in weights),
        other_names,
        projectors=tuple(layer.blob for layer in layers if layer.kind == "projector"),
        format=file_format,
        problem=problem,
    )


def _layers(base: Path, manifest: Path) -> list[_Layer]:
    """The manifest's layers. Raises OSError, or ValueError with a clause."""
    found = []
    for layer in layers_in(manifest, _MAX_MANIFEST_BYTES):
        digest = _DIGEST.fullmatch(str(layer.get("digest"))) if isinstance(layer, dict) else None
        if not isinstance(layer, dict) or digest is None:
            raise ValueError("a layer has no hash")
        found.append(_Layer(_kind(layer), base / "blobs" / digest[1] / digest[2]))
    return found


def _kind(layer: Mapping[str, object]) -> str:
    said = str(layer.get("mediaType"))
    annotations = layer.get("annotations")
    file = str(annotations.get(_FILE_PATH, "")).lower() if isinstance(annotations, dict) else ""
    if "mmproj" in said or "mmproj" in file:
        return "projector"
    if said == "application/vnd.docker.ai.gguf.v3" or file.endswith(".gguf"):
        return "gguf"
    return "safetensors" if "safetensors" in said or file.endswith(".safetensors") else ""


def _shown(tag: str) -> str:
    for hub in _HUB:
        tag = tag.removeprefix(hub)
    return tag
