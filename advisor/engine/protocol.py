"""What the program and its engine process say to each other: requests, and the answers to dry ones.

How a message becomes a line is in `wire.py`; the other side of this contract is `worker/serve.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from advisor.engine.cache_tensors import CacheTensor
from advisor.settings.load_settings import LoadSettings


@dataclass(frozen=True, slots=True)
class Hello:
    """Who are you? `allowance_bytes`: what the worker may allocate beyond what llama.cpp took to start."""

    do: ClassVar[str] = "hello"
    allowance_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModel:
    """Open a model dry: everything that another load of the model depends on.

    `devices`: the engine's own choice (None), the CPU alone (empty), or ggml's device names. With
    `architecture` and `n_vocab` the vocabulary need not be loaded.
    """

    do: ClassVar[str] = "open"
    path: str
    n_gpu_layers: int = 0
    n_cpu_moe: int = 0
    override_tensor: tuple[tuple[str, str], ...] = ()
    tensor_split: tuple[float, ...] = ()
    split_mode: str = "layer"
    main_gpu: int = 0
    devices: tuple[str, ...] | None = None
    architecture: str | None = None
    n_vocab: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeContext:
    """What would this context of the open model take? `cache`: tensors to ask their devices about first."""

    do: ClassVar[str] = "context"
    n_ctx: int
    n_batch: int
    n_ubatch: int
    n_seq_max: int
    n_outputs_max: int
    kv_unified: bool
    swa_full: bool
    cache_type_k: str
    cache_type_v: str
    flash_attn: str
    offload_kqv: bool
    op_offload: bool
    cache: tuple[CacheTensor, ...] = ()

    @classmethod
    def of(cls, settings: LoadSettings, cache: tuple[CacheTensor, ...] = ()) -> MakeContext:
        return cls(
            n_ctx=settings.n_ctx,
            n_batch=settings.n_batch,
            n_ubatch=settings.n_ubatch,
            n_seq_max=settings.n_seq_max,
            n_outputs_max=settings.n_outputs_max,
            kv_unified=settings.kv_unified,
            swa_full=settings.swa_full,
            cache_type_k=settings.cache_type_k,
            cache_type_v=settings.cache_type_v,
            flash_attn=settings.flash_attn,
            offload_kqv=settings.offload_kqv,
            op_offload=settings.op_offload,
            cache=cache,
        )


@dataclass(frozen=True, slots=True)
class CloseModel:
    """Give up the open model."""

    do: ClassVar[str] = "close"


@dataclass(frozen=True, slots=True)
class Tokenize:
    """How many tokens has this text? Only the vocabulary of the model at `path` is opened for it."""

    do: ClassVar[str] = "tokenize"
    path: str
    text: str


# Those of real loads (`proof_requests.py`) are kinds of these.
Request = Hello | OpenModel | MakeContext | CloseModel | Tokenize


@dataclass(frozen=True, slots=True)
class EngineDevice:
    """A device as ggml lists it. `type`: "cpu", "gpu", "igpu", "accel" or "other"."""

    name: str
    description: str
    type: str
    total_bytes: int
    free_bytes: int
    pci_id: str | None


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The engine that answers. `unfit` is a sentence if its structures are not those we know."""

    binding: str  # llama-cpp-python's version
    library: str  # the llama.cpp library that was loaded
    python: str
    executable: str
    backends: tuple[str, ...]
    devices: tuple[EngineDevice, ...]
    supports_gpu_offload: bool
    has_breakdown: bool  # figures to the byte; else from log lines
    unfit: str | None
    notes: tuple[str, ...]

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> EngineInfo:
        devices = tuple(
            EngineDevice(
                name=str(device["name"]),
                description=str(device["description"]),
                type=str(device["type"]),
                total_bytes=int(device["total_bytes"]),
                free_bytes=int(device["free_bytes"]),
                pci_id=device["pci_id"],
            )
            for device in answer["devices"]
        )
        return cls(
            binding=str(answer["binding"]),
            library=str(answer["library"]),
            python=str(answer["python"]),
            executable=str(answer["executable"]),
            backends=tuple(str(name) for name in answer["backends"]),
            devices=devices,
            supports_gpu_offload=bool(answer["supports_gpu_offload"]),
            has_breakdown=bool(answer["has_breakdown"]),
            unfit=answer["unfit"],
            notes=tuple(str(note) for note in answer["notes"]),
        )


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """The model that is open.

    `placement`: the log lines of its load that say what went where. `buffer_devices`: the device on which a
    buffer lies that a log line names.
    """

    n_layer: int
    n_ctx_train: int
    n_vocab: int
    is_recurrent: bool
    is_hybrid: bool
    size_bytes: int
    n_params: int
    with_vocabulary: bool
    seconds: float
    placement: tuple[str, ...]
    buffer_devices: Mapping[str, str]

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> OpenedModel:
        return cls(
            n_layer=int(answer["n_layer"]),
            n_ctx_train=int(answer["n_ctx_train"]),
            n_vocab=int(answer["n_vocab"]),
            is_recurrent=bool(answer["is_recurrent"]),
            is_hybrid=bool(answer["is_hybrid"]),
            size_bytes=int(answer["size_bytes"]),
            n_params=int(answer["n_params"]),
            with_vocabulary=bool(answer["with_vocabulary"]),
            seconds=float(answer["seconds"]),
            placement=tuple(str(line) for line in answer["placement"]),
            buffer_devices={str(name): str(device) for name, device in answer["buffer_devices"].items()},
        )


@dataclass(frozen=True, slots=True)
class BufferBytes:
    """One kind of buffer of the breakdown: "CUDA0", "CUDA_Host", "CPU_REPACK", with the device it lies on."""

    buffer: str
    device: str
    weights_bytes: int
    context_bytes: int  # KV cache and recurrent state together
    compute_bytes: int


@dataclass(frozen=True, slots=True)
class ContextAnswer:
    """What a context would take. `buffers` is None where this engine cannot say it to the byte."""

    n_ctx: int  # as made: llama.cpp rounds up
    n_ctx_seq: int
    n_batch: int
    n_ubatch: int
    n_seq_max: int
    buffers: tuple[BufferBytes, ...] | None
    lines: tuple[str, ...]
    seconds: float

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> ContextAnswer:
        buffers = answer["buffers"]
        return cls(
            n_ctx=int(answer["n_ctx"]),
            n_ctx_seq=int(answer["n_ctx_seq"]),
            n_batch=int(answer["n_batch"]),
            n_ubatch=int(answer["n_ubatch"]),
            n_seq_max=int(answer["n_seq_max"]),
            buffers=None if buffers is None else tuple(buffer_bytes(entry) for entry in buffers),
            lines=tuple(str(line) for line in answer["lines"]),
            seconds=float(answer["seconds"]),
        )


@dataclass(frozen=True, slots=True)
class TextTokens:
    """The tokens of one piece of text, without those that begin or end a prompt."""

    n_tokens: int
    seconds: float

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> TextTokens:
        return cls(n_tokens=int(answer["n_tokens"]), seconds=float(answer["seconds"]))


def buffer_bytes(entry: Mapping[str, Any]) -> BufferBytes:
    """One buffer of an answer; raises KeyError, TypeError or ValueError for what is none."""
    return BufferBytes(
        buffer=str(entry["buffer"]),
        device=str(entry["device"]),
        weights_bytes=int(entry["weights_bytes"]),
        context_bytes=int(entry["context_bytes"]),
        compute_bytes=int(entry["compute_bytes"]),
    )
