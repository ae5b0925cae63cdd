"""What a real load is asked for: the dry runs' requests, and what reality needs beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from advisor.engine.protocol import MakeContext, OpenModel


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadModel(OpenModel):
    """Load a model with its weights, decode once, and then limit what the worker may allocate.

    `host_usable_bytes`: what the whole load may take of the RAM, free before it; None for no guard.
    `cap_bytes`, if given, is the limit itself: on all data of the worker. `warm_up` is the context that will
    follow: where a GPU takes part its driver builds its kernels before the limit is set.
    """

    do: ClassVar[str] = "load"
    use_mmap: bool = True
    host_usable_bytes: int | None = None
    cap_bytes: int | None = None
    warm_up: MakeContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateContext(MakeContext):
    """Really make this context of the loaded model, and decode a full ubatch and a token in it."""

    do: ClassVar[str] = "allocate"


@dataclass(frozen=True, slots=True, kw_only=True)
class FillContext(MakeContext):
    """Fill this context to its last token. `method`: "full" | "copy"."""

    do: ClassVar[str] = "fill"
    method: str = "full"
