"""The models whose measurements were published: presets, and those in tests/data/published_models.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from advisor.gguf.ggml_types import GGML_TYPES
from advisor.gguf.header import GgufHeader, Tensor
from advisor.model import ModelFacts, facts
from advisor.model.presets import load_presets, preset_header
from advisor.model.presets.quantization import QuantizedModel, tensor_types
from advisor.model.presets.tensors import ModelKeys, PlainTensor, plain_tensors

FILE = Path(__file__).resolve().parents[1] / "data" / "published_models.toml"

_TYPE_IDS = {ggml_type.name: type_id for type_id, ggml_type in GGML_TYPES.items()}
# conversion/base.py (prepare_tensors) keeps these in 32 bits.
_ALWAYS_F32 = ("position_embd.weight", "token_types.weight")


@cache
def read_facts(model: str) -> ModelFacts:
    """The facts of "NAME" or "NAME:QUANTIZATION"; without one the weights are not meant to be compared."""
    name, _, quantization = model.partition(":")
    entry = _entries().get(name)
    if entry is None:
        return facts(preset_header(name, quantization or None))
    return facts(_header(name, entry, quantization or "Q4_K_M"))


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _header(name: str, entry: Mapping[str, Any], quantization: str) -> GgufHeader:
    base = load_presets()[entry["preset"]] if "preset" in entry else None
    keys = {**(base.gguf_keys if base else {}), **dict(_flat("", entry.get("gguf", {})))}
    architecture = entry.get("architecture") or (base.architecture if base else "")
    like = entry.get("like") or (base.architecture if base else None)
    optional = entry.get("optional_tensors", base.optional_tensors if base else ())
    if like:
        lacking = tuple(entry.get("without", ()))
        plain = [
            tensor
            for tensor in plain_tensors(like, ModelKeys(keys), optional)
            if not tensor.name.endswith(lacking)
        ]
        types: Sequence[str] = tensor_types(plain, quantization, _quantized_model(like, keys))
    else:
        plain = _written_out(entry, keys)
        types = [_plain_type(tensor) for tensor in plain]
    tensors = tuple(
        _tensor(tensor, _own_type(entry, tensor.name) or type_name)
        for tensor, type_name in zip(plain, types, strict=True)
    )
    named = {f"{architecture}.{key}": value for key, value in keys.items()}
    return GgufHeader(
        path=Path(f"{name}.gguf"),
        shards=(Path(f"{name}.gguf"),),
        version=3,
        byte_order="little",
        alignment=32,
        metadata={"general.architecture": architecture, **named},
        tensors=tensors,
        header_bytes=0,
        file_bytes=sum(tensor.n_bytes for tensor in tensors),
    )


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield prefix + key, tuple(value) if isinstance(value, list) else value


def _quantized_model(architecture: str, keys: Mapping[str, Any]) -> QuantizedModel:
    heads = keys["attention.head_count"]
    kv = keys.get("attention.head_count_kv", heads)
    gqa = heads // kv if isinstance(kv, int) and kv else 0
    return QuantizedModel(architecture, keys["block_count"], keys.get("expert_count", 0), gqa)


def _written_out(entry: Mapping[str, Any], keys: Mapping[str, Any]) -> list[PlainTensor]:
    """The tensors as they are listed; of a model known for its cache alone, the embedding and the head."""
    width, n_vocab = keys["embedding_length"], keys["vocab_size"]
    known = f"token_embd.weight {width} {n_vocab}\noutput.weight {width} {n_vocab}"
    tensors = list(_lines("", entry.get("outside", known)))
    for il in range(keys["block_count"]):
        tensors += _lines(f"blk.{il}.", entry.get("block", ""))
    return tensors


def _lines(prefix: str, text: str) -> Iterator[PlainTensor]:
    for line in filter(None, text.splitlines()):
        name, *sizes = line.split()
        yield PlainTensor(prefix + name, tuple(map(int, sizes)))


def _own_type(entry: Mapping[str, Any], name: str) -> str:
    types: Mapping[str, str] = entry.get("types", {})
    return next((type_name for end, type_name in types.items() if name.endswith(end)), "")


def _plain_type(tensor: PlainTensor) -> str:
    return "F32" if len(tensor.dims) < 2 or tensor.name in _ALWAYS_F32 else "F16"


def _tensor(tensor: PlainTensor, type_name: str) -> Tensor:
    type_id = _TYPE_IDS[type_name]
    block = GGML_TYPES[type_id]
    n_elements = math.prod(tensor.dims)
    n_bytes = n_elements // block.block_elements * block.block_bytes
    return Tensor(tensor.name, tensor.dims, type_id, n_elements, n_bytes, offset_bytes=0)
