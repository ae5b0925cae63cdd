"""`Adapter`: what must be known of a LoRA adapter, which changes some matrices of a model.

Mirrors what `llama_adapter_lora_init_impl` (src/llama-adapter.cpp) asks of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.gguf import read_header
from advisor.gguf.header import GgufHeader, Tensor
from advisor.model import refusals
from advisor.printable import printable

_SUFFIXES = (".lora_a", ".lora_b")
_IGNORED = "_norm.weight"  # not loaded: llama.cpp has no use for them yet


@dataclass(frozen=True, slots=True)
class AdapterPair:
    """The two small matrices that change the model's tensor `of`."""

    of: str
    a: Tensor
    b: Tensor


@dataclass(frozen=True, slots=True)
class Adapter:
    path: Path
    architecture: str
    pairs: tuple[AdapterPair, ...]

    @property
    def name(self) -> str:
        return printable(self.path.name)


def read_adapter(path: Path) -> Adapter:
    """The adapter at `path`. Raises ModelError leaves: what is unreadable, something else, or incomplete."""
    header = read_header(path)
    if refusals.kind_of(header.metadata) != "adapter":
        raise refusals.not_an_adapter(path, header.metadata)
    kind = header.metadata.get("adapter.type", "none named")
    if kind != "lora":
        raise refusals.odd_adapter(path, f"is not a LoRA adapter (type: {printable(str(kind))})")
    architecture = str(header.metadata.get("general.architecture", ""))
    return Adapter(path=path, architecture=architecture, pairs=_pairs(path, header))


def _pairs(path: Path, header: GgufHeader) -> tuple[AdapterPair, ...]:
    halves: dict[str, dict[str, Tensor]] = {}
    for tensor in header.tensors:
        base, suffix = tensor.name[:-7], tensor.name[-7:]
        if suffix in _SUFFIXES:
            halves.setdefault(base, {})[suffix] = tensor
        elif not tensor.name.endswith(_IGNORED):
            finding = f'holds "{printable(tensor.name)}", which is no part of a LoRA adapter'
            raise refusals.odd_adapter(path, finding)
    if not halves:
        raise refusals.odd_adapter(path, "holds no matrices")
    for base, pair in halves.items():
        if len(pair) < len(_SUFFIXES):
            finding = f'has only one of the two matrices for "{printable(base)}"'
            raise refusals.odd_adapter(path, finding)
    return tuple(AdapterPair(base, *(pair[suffix] for suffix in _SUFFIXES)) for base, pair in halves.items())
