"""`Pasted`: what a pasted text asks for, and what of it could not be understood."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from advisor.basis import Note
from advisor.errors import UsageError
from advisor.model.facts import ModelFacts
from advisor.printable import printable
from advisor.settings.request import ALL_LAYERS, Request
from advisor.units import MiB

MAX_BYTES = MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the text loads beside the model, as it is written there."""

    projector: str | None = None
    draft: str | None = None
    draft_cache_type_k: str | None = None
    draft_cache_type_v: str | None = None
    draft_gpu_layers: int | None = None
    adapters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """One configuration, as its program would read it.

    `model` and `beside` are paths or names as written. `context_by_runtime`: nothing was said of the context,
    so the program chooses it; `layers_by_runtime`: it moves layers to the CPU where memory is short.
    `gpu_share` and `cpu_expert_share` are shares of the model's blocks (LM Studio). `unknown` are words that
    we do not know, as written.
    """

    format: str  # "llama-server" | "ollama-modelfile" | "ollama-options" | "lm-studio" | "kcpps"
    request: Request
    model: str | None = None
    beside: Beside = Beside()
    context_by_runtime: bool = False
    layers_by_runtime: bool = False
    gpu_share: float | None = None
    cpu_expert_share: float | None = None
    unknown: tuple[str, ...] = ()
    notes: tuple[Note, ...] = field(default=())

    def request_for(self, facts: ModelFacts) -> Request:
        """The request for this model: shares become numbers of its blocks, rounded as JavaScript rounds."""
        found: dict[str, Any] = {}
        if self.gpu_share is not None:
            found["n_gpu_layers"] = _blocks(self.gpu_share, facts)
        if self.cpu_expert_share is not None:
            found["n_cpu_moe"] = _blocks(self.cpu_expert_share, facts)
        return replace(self.request, **found) if found else self.request


def unread(what: str, hint: str) -> UsageError:
    """The error for a text, or a part of it, that cannot be read."""
    return UsageError(what, hint=hint, code="bad-paste")


def check_size(text: str) -> None:
    """Raise UsageError for more text than any configuration has."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise unread("The pasted text is longer than 1 MiB.", "Paste only the command or the settings.")


def whole(name: str, value: object) -> int:
    """A whole number of a JSON text, or of words. Raises UsageError, naming `name`."""
    if isinstance(value, bool):
        raise _no_number(name, value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    raise _no_number(name, value)


def truth(name: str, value: object) -> bool:
    """True or false of a JSON text. Raises UsageError, naming `name`."""
    if isinstance(value, bool):
        return value
    raise unread(f"{name}: {printable(repr(value))} is neither true nor false.", "Write true or false.")


def text_of(entry: Mapping[str, object], name: str) -> str | None:
    """A text under this key, None for anything else."""
    value = entry.get(name)
    return value if isinstance(value, str) and value else None


def _no_number(name: str, value: object) -> UsageError:
    return unread(f"{name}: {printable(repr(value))} is not a whole number.", "Write it with digits alone.")


def _blocks(share: float, facts: ModelFacts) -> int:
    if share < 0:
        return ALL_LAYERS
    return math.floor(share * facts.n_layer_all + 0.5)
