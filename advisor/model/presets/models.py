"""Known models without a file: `preset:llama-3.1-8b`, `preset:llama-3.1-8b:Q8_0`.

`presets/models.toml` holds the few numbers that describe a model. From them comes the header that a GGUF
file of it would have, so that everything else can treat the model like a file.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from advisor.errors import PresetError
from advisor.gguf.ggml_types import GGML_TYPES
from advisor.gguf.header import GgufHeader, Tensor, Value
from advisor.model.presets.entries import FILE, ModelPreset, malformed, parse_presets
from advisor.model.presets.quantization import QUANTIZATIONS, TYPE_IDS, QuantizedModel, tensor_types
from advisor.model.presets.tensors import ModelKeys, PlainTensor, plain_tensors
from advisor.model.presets.writing import ALIGNMENT, VERSION, header_bytes, write_preset
from advisor.presets import read_toml
from advisor.units import pad

__all__ = ["PREFIX", "ModelPreset", "load_presets", "preset_header", "split_preset", "write_preset"]

PREFIX = "preset:"


def load_presets() -> dict[str, ModelPreset]:
    """All known models by name, in the file's order. Raises PresetError for a malformed file."""
    return parse_presets(read_toml(FILE))


def split_preset(text: str) -> tuple[str, str | None]:
    """Name and quantization of "preset:NAME" or "preset:NAME:QUANTIZATION"; None where it names none."""
    name, _, quantization = text.removeprefix(PREFIX).partition(":")
    return name, quantization or None


def preset_header(name: str, quantization: str | None = None) -> GgufHeader:
    """The header that a GGUF file of this model would have, but for its vocabulary.

    Its path names no file: it is what one types to get it. Without a quantization it is Q4_K_M, or what the
    model is published in. Raises PresetError for a model or quantization that is not known, naming those
    that are, and for a malformed preset file.
    """
    presets = load_presets()
    preset = presets.get(name.lower())
    if preset is None:
        raise _unknown_model(name, presets)
    chosen = _chosen(preset, quantization)
    try:
        return _header(preset, chosen)
    except ValueError as error:
        raise malformed(preset.name, error) from error


def _unknown_model(name: str, presets: Mapping[str, ModelPreset]) -> PresetError:
    near = difflib.get_close_matches(name.lower(), presets, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Choose one of {', '.join(presets)}."
    return PresetError(f'There is no model preset "{name}".', hint=hint, code="unknown-model-preset")


def _chosen(preset: ModelPreset, wanted: str | None) -> str:
    if wanted is None:
        return preset.default_quantization
    name = "MXFP4_MOE" if wanted.upper() == "MXFP4" else wanted.upper()
    if name not in preset.quantizations:
        raise PresetError(
            f'The model preset "{preset.name}" does not come in "{wanted}".',
            hint=f"Choose one of {', '.join(preset.quantizations)}.",
            code="unknown-quantization",
        )
    return name


def _header(preset: ModelPreset, quantization: str) -> GgufHeader:
    keys = ModelKeys(preset.gguf_keys)
    plain = plain_tensors(preset.architecture, keys, preset.optional_tensors)
    types = tensor_types(plain, quantization, _quantized_model(preset, keys))
    tensors, data_bytes = _laid_out(plain, types)
    metadata = _metadata(preset, quantization)
    n_header_bytes = len(header_bytes(metadata, tensors))
    path = Path(f"{PREFIX}{preset.name}:{quantization}")
    return GgufHeader(
        path=path,
        shards=(path,),
        version=VERSION,
        byte_order="little",
        alignment=ALIGNMENT,
        metadata=metadata,
        tensors=tensors,
        header_bytes=n_header_bytes,
        file_bytes=n_header_bytes + data_bytes,
    )


def _metadata(preset: ModelPreset, quantization: str) -> dict[str, Value]:
    """The keys of the file. "no_vocab" lets llama.cpp load it without a list of tokens."""
    metadata: dict[str, Value] = {
        "general.architecture": preset.architecture,
        "general.type": "model",
        "general.name": preset.title,
        "general.file_type": QUANTIZATIONS[quantization].file_type,
        "general.quantization_version": 2,  # ggml.h: GGML_QNT_VERSION
        "tokenizer.ggml.model": "no_vocab",
    }
    metadata.update((f"{preset.architecture}.{key}", value) for key, value in preset.gguf_keys.items())
    return metadata


def _quantized_model(preset: ModelPreset, keys: ModelKeys) -> QuantizedModel:
    heads = keys.at("attention.head_count", 0)
    heads_kv = keys.at("attention.head_count_kv", 0, heads)
    return QuantizedModel(
        architecture=preset.architecture,
        n_layer=keys.number("block_count"),
        n_expert=keys.number("expert_count", 0),
        gqa=heads // heads_kv if heads_kv else 0,
    )


def _laid_out(plain: Sequence[PlainTensor], types: Sequence[str]) -> tuple[tuple[Tensor, ...], int]:
    """The tensors with their places, one behind the other, and the bytes that they take."""
    tensors = []
    end = 0
    for tensor, type_name in zip(plain, types, strict=True):
        type_id = TYPE_IDS[type_name]
        block_elements, block_bytes = GGML_TYPES[type_id][1:]
        n_elements = math.prod(tensor.dims)
        n_bytes = n_elements // block_elements * block_bytes
        tensors.append(Tensor(tensor.name, tensor.dims, type_id, n_elements, n_bytes, offset_bytes=end))
        end += pad(n_bytes, ALIGNMENT)
    return tuple(tensors), end
