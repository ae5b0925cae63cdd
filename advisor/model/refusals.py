"""How `ModelFactsError`s are worded, and which sound containers are not language models at all.

One function a cause, so that the same trouble always reads the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advisor.errors import ModelFactsError
from advisor.gguf.header import SkippedArray, Value
from advisor.printable import printable

_DAMAGED = "The file is damaged or was converted wrongly: download it again, or from another publisher."
_OLD = "It was made by an old or unfinished converter: download a newer conversion of this model."

# general.type of llama.cpp's converters (gguf-py: GGUFType), and the architectures of its side files.
_NOT_MODELS = {
    "adapter": ("a LoRA adapter", "Open the base model, and name the adapter with --lora."),
    "mmproj": ("a vision or audio projector", "Open the model itself, and name the projector with --mmproj."),
    "imatrix": ("an importance matrix for quantizing", "Open the model that it was made for."),
    "controlvector": ("a control vector", "Open the model that it was made for."),
    "vocab": ("only a vocabulary", "Open the model itself; this file has no weights."),
}
_TYPE_OF_ARCHITECTURE = {"clip": "mmproj", "imatrix": "imatrix", "controlvector": "controlvector"}


def refuse_other_files(path: Path, metadata: Mapping[str, Value], *, has_tensors: bool) -> None:
    """Raise ModelFactsError if the container says, or shows, that it is no language model."""
    if said := kind_of(metadata):
        raise _not_a_model(path, said)
    if metadata.get("general.architecture") is not None and not has_tensors:
        raise _not_a_model(path, "vocab")


def kind_of(metadata: Mapping[str, Value]) -> str | None:
    """Which kind of side file a container says that it is ("mmproj", "adapter", ...); None: a model."""
    architecture = metadata.get("general.architecture")
    for said in (metadata.get("general.type"), _TYPE_OF_ARCHITECTURE.get(str(architecture))):
        if isinstance(said, str) and said in _NOT_MODELS:
            return said
    return None


def _not_a_model(path: Path, kind: str) -> ModelFactsError:
    what, hint = _NOT_MODELS[kind]
    return ModelFactsError(
        f"{printable(path.name)} is {what}, not a language model.", hint=hint, code="not-a-model"
    )


def not_a_projector(path: Path, metadata: Mapping[str, Value]) -> ModelFactsError:
    return ModelFactsError(
        f"{printable(path.name)} is {_kind(metadata)}, not a projector.",
        hint="Give --mmproj the mmproj file that was published with the model.",
        code="not-a-projector",
    )


def not_an_adapter(path: Path, metadata: Mapping[str, Value]) -> ModelFactsError:
    return ModelFactsError(
        f"{printable(path.name)} is {_kind(metadata)}, not a LoRA adapter.",
        hint="Give --lora an adapter in GGUF form (llama.cpp's convert_lora_to_gguf.py makes one).",
        code="not-an-adapter",
    )


def odd_adapter(path: Path, finding: str) -> ModelFactsError:
    """An adapter that llama.cpp would refuse. `finding` is a clause: "has no tensors"."""
    return ModelFactsError(
        f"{printable(path.name)} {finding}.",
        hint="Convert the adapter again with llama.cpp's convert_lora_to_gguf.py.",
        code="odd-adapter",
    )


def _kind(metadata: Mapping[str, Value]) -> str:
    """What a container says that it is, as a noun."""
    said = kind_of(metadata)
    return _NOT_MODELS[said][0] if said else "a language model"


def no_architecture(path: Path) -> ModelFactsError:
    return ModelFactsError(
        f"{printable(path.name)} does not say what kind of model it holds (general.architecture).",
        hint="Choose a GGUF file of a language model.",
        code="not-a-model",
    )


def missing(key: str, architecture: str, *, known: bool) -> ModelFactsError:
    """A key without which nothing can be planned."""
    if known:
        return ModelFactsError(
            f'The header has no "{printable(key)}", without which a {architecture} model cannot be loaded.',
            hint=_OLD,
            code="missing-key",
        )
    return ModelFactsError(
        f'This file\'s architecture is "{printable(architecture)}", which is not a language model that we '
        f'know, and its header has no "{printable(key)}".',
        hint="Choose a GGUF file of a language model that llama.cpp can load.",
        code="unknown-architecture",
    )


def wrong_type(key: str, value: Value, expected: str) -> ModelFactsError:
    """The value is of another kind than llama.cpp reads there. `expected` is a noun: "a number"."""
    return ModelFactsError(
        f'"{printable(key)}" should be {expected}, but is {_described(value)}.', hint=_DAMAGED, code="bad-key"
    )


def absurd(key: str, finding: str) -> ModelFactsError:
    """A value that no model has. `finding` is a clause: "is 0"."""
    return ModelFactsError(f'"{printable(key)}" {finding}.', hint=_DAMAGED, code="bad-key")


def wrong_length(key: str, length: int, expected: int) -> ModelFactsError:
    return absurd(key, f"has {length} entries, but the model has {expected} layers")


def contradiction(sentence: str) -> ModelFactsError:
    """Two parts of the header cannot both be true. `sentence` is complete."""
    return ModelFactsError(sentence, hint=_DAMAGED, code="contradiction")


def _described(value: Value) -> str:
    if isinstance(value, bool):
        return f"the truth value {value}"
    if isinstance(value, str):
        return f'the text "{printable(value)}"'
    if isinstance(value, tuple):
        return f"a list of {len(value)}"
    if isinstance(value, SkippedArray):
        return f"a list of {value.length}"
    return f"{value}"
