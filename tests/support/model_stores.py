"""Stores of other programs as they lie on a disk, made of small models without weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.library.places import Places
from tests.support.gguf_bytes import GgufBytes, TensorSpec
from tests.support.small_models import small_llama

KIND = "application/vnd.ollama.image."


def places(home: Path, *, system: str = "linux", **environment: str) -> Places:
    """A computer whose user lives in `home` and whose services live below it, too."""
    return Places(home=home, root=home / "system", environment=environment, system=system)


def model_bytes(directory: Path, *, n_layer: int = 1) -> bytes:
    """A small but whole model; a different one for another number of layers."""
    path = directory / f"made-{n_layer}"
    small_llama(path, n_layer=n_layer, n_head=1, n_head_kv=1, n_ff=64)
    content = path.read_bytes()
    path.unlink()
    return content


def projector_bytes() -> bytes:
    metadata = {"general.architecture": "clip", "general.type": "mmproj"}
    return GgufBytes(metadata, [TensorSpec("v.patch_embd.weight")]).build()


def add_blob(store: Path, content: bytes) -> str:
    """Put a layer into an Ollama store; its digest."""
    digest = hashlib.sha256(content).hexdigest()
    blob = store / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    return f"sha256:{digest}"


def layer(kind: str, digest: str, size: int = 1) -> Mapping[str, Any]:
    return {"mediaType": KIND + kind, "digest": digest, "size": size}


def add_manifest(store: Path, name: str, content: object) -> Path:
    """Write the manifest of `name` ("host/namespace/model/tag"): a JSON text of `content`, or it as it is."""
    path = store / "manifests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def manifest(*layers: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"schemaVersion": 2, "config": layer("config", "sha256:" + "0" * 64), "layers": layers}


def add_ollama_model(store: Path, name: str, content: bytes, extra: Sequence[Mapping[str, Any]] = ()) -> Path:
    """Install `content` under `name` in Ollama's `store`; the path of its blob."""
    digest = add_blob(store, content)
    add_manifest(store, name, manifest(layer("model", digest, len(content)), *extra))
    return store / "blobs" / digest.replace(":", "-")


def add_file(top: Path, name: str, content: bytes) -> Path:
    path = top / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
