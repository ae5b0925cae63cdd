"""Ollama's store: a manifest a name, layers in blobs that are named by their hash.

The layout is that of Ollama's manifest and server packages: manifests/<host>/<namespace>/<model>/<tag>.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.gguf.foreign import HEAD_BYTES, foreign_file
from advisor.gguf.refusals import printable
from advisor.library.files import Walk, because, file_bytes, identity, is_absent, small_text
from advisor.library.installed import GGUF, NOT_GGUF, InstalledModel, Scan, Unreadable
from advisor.library.places import Places

STORE = "ollama"
DEFAULT_HOST, DEFAULT_NAMESPACE, DEFAULT_TAG = "registry.ollama.ai", "library", "latest"

_VARIABLE = "OLLAMA_MODELS"
_MANIFEST_DEPTH = 3  # folders below "manifests"; the file is the tag
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
    said = places.environment.get(_VARIABLE, "").strip(" '\"")
    own = Path(said) if said else places.home / ".ollama" / "models"
    return tuple(dict.fromkeys((own, places.root / "usr" / "share" / "ollama" / ".ollama" / "models")))


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
            problem="It is not a GGUF, but a safetensors model (as MLX has them).",
        )
    if not weights:
        return None
    blobs = [base / "blobs" / layer.blob for layer in weights]
    file_format, problem = _looked_at(blobs)
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
    try:
        content = json.loads(small_text(manifest, _MAX_MANIFEST_BYTES))
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(content, dict):
        raise ValueError("it is not a table")  # noqa: TRY004 - a file's content, not an argument
    layers = content.get("layers") or []
    if not isinstance(layers, list):
        raise ValueError("its layers are not a list")  # noqa: TRY004 - as above
    return [_layer(layer) for layer in layers]


def _layer(layer: object) -> _Layer:
    if not isinstance(layer, dict):
        raise ValueError("a layer is not a table")  # noqa: TRY004 - a file's content, not an argument
    kind, digest, size = layer.get("mediaType"), layer.get("digest"), layer.get("size")
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if not isinstance(kind, str) or match is None:
        raise ValueError("a layer has no type or no hash")
    size_bytes = size if isinstance(size, int) and size > 0 else 0
    return _Layer(kind.removeprefix(_KIND), f"sha256-{match[1]}", size_bytes)


def _looked_at(blobs: list[Path]) -> tuple[str, str | None]:
    """Format and problem of a model's blobs: each must be there and begin as a GGUF."""
    for blob in blobs:
        label = f"{blob.name[:19]}..."
        try:
            head = _head(blob)
        except FileNotFoundError:
            return GGUF, f"Its file {label} is missing: pull the model again."
        except (OSError, ValueError) as error:
            return GGUF, f"Its file {label} cannot be read: {because(error)}."
        if not head:
            return GGUF, f"Its file {label} is empty: pull the model again."
        if not head.startswith(b"GGUF"):
            return NOT_GGUF, foreign_file(label, head).message
    if len(blobs) > 1:
        return GGUF, f"Its weights are split over {len(blobs)} blobs, which cannot be read together yet."
    return GGUF, None


def _head(blob: Path) -> bytes:
    """The first bytes of a blob. Raises OSError, or ValueError for a pipe, which could make us wait."""
    if not stat.S_ISREG(blob.stat().st_mode):
        raise ValueError("it is not an ordinary file")
    with blob.open("rb") as file:
        return file.read(HEAD_BYTES)


def _together(first: InstalledModel, other: InstalledModel) -> InstalledModel:
    """One file under two names."""
    return replace(
        first,
        other_names=tuple(name for name in (*first.other_names, *other.names) if name != first.name),
        projectors=tuple(dict.fromkeys((*first.projectors, *other.projectors))),
    )
