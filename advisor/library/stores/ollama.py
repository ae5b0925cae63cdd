"""Ollama's store: a manifest a name, layers in blobs that are named by their hash.

The layout is that of Ollama's manifest and server packages: manifests/<host>/<namespace>/<model>/<tag>.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.library.blobs import layers_in, looked_at
from advisor.library.files import Walk, because, file_bytes, identity, is_absent, small_text
from advisor.library.installed import NOT_GGUF, InstalledModel, Scan, Unreadable
from advisor.library.places import Places
from advisor.library.safetensors import NOT_A_GGUF
from advisor.printable import printable

STORE = "ollama"
DEFAULT_HOST, DEFAULT_NAMESPACE, DEFAULT_TAG = "registry.ollama.ai", "library", "latest"

_VARIABLE = "OLLAMA_MODELS"
_MANIFEST_DEPTH = 3  # folders below "manifests"; the file is the tag
_MAX_UNIT_BYTES = 64 * 1024
_IN_UNIT = re.compile(r"""^\s*Environment=.*?\bOLLAMA_MODELS=([^"'\s]+)""", re.MULTILINE)
_MAX_MANIFEST_BYTES = 4 * 1024 * 1024  # MLX models list some thousand tensors
_KIND = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_BLOB = re.compile(r"sha256-[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Layer:
    kind: str  # "model", "projector", "tensor", ...
    blob: str  # the file's name
    size_bytes: int


def model_folders(places: Places) -> tuple[Path, ...]:
    """Where Ollama may keep its models: OLLAMA_MODELS or the user's own, and the Linux service's."""
    own = places.named(_VARIABLE) or places.home / ".ollama" / "models"
    usual = (
        places.root / "usr" / "share" / "ollama" / ".ollama" / "models",
        places.root / "var" / "lib" / "ollama" / "models",  # as some distributions package it
    )
    return tuple(dict.fromkeys((own, *_of_service(places.root), *usual)))


def _of_service(root: Path) -> list[Path]:
    """What OLLAMA_MODELS is set to in the unit of the Linux service or in what was added to it."""
    units = root / "etc" / "systemd" / "system"
    files = [units / "ollama.service"]
    with contextlib.suppress(OSError):  # there is none
        files += sorted(path for path in (units / "ollama.service.d").iterdir() if path.suffix == ".conf")
    found = []
    for file in files:
        try:
            said = _IN_UNIT.findall(small_text(file, _MAX_UNIT_BYTES))
        except (OSError, ValueError):
            continue  # what the service has been told is no one's business but its own
        found += [Path(path) for path in said if Path(path).is_absolute()]
    return found


def find(places: Places) -> Scan:
    """Every installed name, those of one file together. Cloud models, which have no file, are left out.

    Never raises: a broken manifest or missing blob is a model with a `problem`.
    """
    models: dict[object, InstalledModel] = {}
    unreadable: list[Unreadable] = []
    if places.environment.get(_VARIABLE, "").strip() and is_absent(model_folders(places)[0]):
        named = model_folders(places)[0]
        words = f"{_VARIABLE} names {printable(str(named), 300)}, which does not exist."
        unreadable.append(Unreadable(named, words))
    for base in model_folders(places):
        for manifest in _manifests(base / "manifests", unreadable):
            model = _model(base, manifest)
            if model is None:
                continue
            which = identity(model.path) or model.path
            models[which] = _together(models[which], model) if which in models else model
    return Scan(tuple(models.values()), tuple(unreadable))


def is_blob(path: Path) -> bool:
    """Whether `path` is a layer of an Ollama store, wherever that store is."""
    return (
        _BLOB.fullmatch(path.name) is not None
        and path.parent.name == "blobs"
        and identity(path.parent.parent / "manifests") is not None
    )


def shown_name(host: str, namespace: str, model: str, tag: str) -> str:
    """A manifest's name as Ollama lists it: defaults left out, the tag always there."""
    parts = [model]
    if host != DEFAULT_HOST or namespace != DEFAULT_NAMESPACE:
        parts.insert(0, namespace)
    if host != DEFAULT_HOST:
        parts.insert(0, host)
    return f"{'/'.join(parts)}:{tag}"


def full_name(word: str) -> str:
    """What a person typed, spelled as `shown_name` spells it."""
    path, colon, tag = word.rpartition(":")
    if not colon or "/" in tag:  # a host may have a port
        path, tag = word, DEFAULT_TAG
    path = path.removeprefix(f"{DEFAULT_HOST}/").removeprefix(f"{DEFAULT_NAMESPACE}/")
    return f"{path}:{tag}"


def _manifests(top: Path, unreadable: list[Unreadable]) -> Iterator[Path]:
    if is_absent(top):
        return
    try:
        top.stat()
    except OSError as error:
        words = f"Ollama's models in {printable(str(top.parent), 300)} cannot be read: {because(error)}."
        unreadable.append(Unreadable(top.parent, words))
        return
    walk = Walk(top, _MANIFEST_DEPTH)
    for folder in walk:
        if folder.depth == _MANIFEST_DEPTH:
            yield from (folder.path / name for name in folder.files if not name.startswith("."))
    unreadable += walk.unreadable


def _model(base: Path, manifest: Path) -> InstalledModel | None:
    """The model of one manifest, None for one that lies in the cloud."""
    host, namespace, model, tag = manifest.parts[-4:]
    found = InstalledModel(
        store=STORE,
        name=shown_name(host, namespace, model, tag),
        path=manifest,
        size_bytes=0,
        runtime=STORE,
    )
    try:
        layers = _layers(manifest)
    except (OSError, ValueError) as error:
        return replace(found, problem=f"Its manifest cannot be read: {because(error)}.")
    weights = [layer for layer in layers if layer.kind == "model"]
    tensors = [layer for layer in layers if layer.kind == "tensor"]
    if not weights and tensors:
        return replace(
            found,
            size_bytes=sum(layer.size_bytes for layer in tensors),
            format=NOT_GGUF,
            problem=NOT_A_GGUF,
        )
    if not weights:
        return None
    blobs = [base / "blobs" / layer.blob for layer in weights]
    file_format, problem = looked_at(blobs)
    return replace(
        found,
        path=blobs[0],
        size_bytes=sum(file_bytes(blob) for blob in blobs),
        projectors=tuple(base / "blobs" / layer.blob for layer in layers if layer.kind == "projector"),
        format=file_format,
        problem=problem,
    )


def _layers(manifest: Path) -> list[_Layer]:
    """The manifest's layers. Raises OSError, or ValueError with a clause."""
    return [_layer(layer) for layer in layers_in(manifest, _MAX_MANIFEST_BYTES)]


def _layer(layer: object) -> _Layer:
    if not isinstance(layer, dict):
        raise ValueError("a layer is not a table")  # noqa: TRY004 - a file's content, not an argument
    kind, digest, size = layer.get("mediaType"), layer.get("digest"), layer.get("size")
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if not isinstance(kind, str) or match is None:
        raise ValueError("a layer has no type or no hash")
    size_bytes = size if isinstance(size, int) and size > 0 else 0
    return _Layer(kind.removeprefix(_KIND), f"sha256-{match[1]}", size_bytes)


def _together(first: InstalledModel, other: InstalledModel) -> InstalledModel:
    """One file under two names."""
    return replace(
        first,
        other_names=tuple(name for name in (*first.other_names, *other.names) if name != first.name),
        projectors=tuple(dict.fromkeys((*first.projectors, *other.projectors))),
    )
