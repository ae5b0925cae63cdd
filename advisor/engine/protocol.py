"""The messages between the program and its engine process: requests, answers, and their JSON lines.

One request is one line on the child's stdin, one answer one line on its stdout, paired by id. Lines that
are not answers are noise (a wrapper script's greeting, a stray print) and are passed over. The other side
of this contract is `worker/serve.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from advisor.settings.load_settings import LoadSettings

# An answer with this id is to nobody: the worker could not even start.
STARTUP_ID = 0


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
    """What would this context of the open model take?"""

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

    @classmethod
    def of(cls, settings: LoadSettings) -> MakeContext:
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


Request = Hello | OpenModel | MakeContext | CloseModel | Tokenize | LoadModel | AllocateContext | FillContext


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that failed in a worker that lives on. `kind` is one of worker/refusal.py's, or "bug"."""

    kind: str
    message: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One line from the worker: the fields of an answer, a failure, or what happens before either."""

    id: int
    answer: Mapping[str, Any]
    failure: Failure | None = None
    event: Mapping[str, Any] | None = None


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


def encode(request_id: int, request: Request) -> bytes:
    """The request as one line."""
    return json.dumps({"id": request_id, "do": request.do, **asdict(request)}).encode("ascii") + b"\n"


def decode(line: bytes) -> Reply | None:
    """The reply in one line, or None for noise."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or type(message.get("id")) is not int:
        return None
    answer, error = message.get("answer"), message.get("error")
    if isinstance(error, dict):
        lines = error.get("lines", [])
        failure = Failure(
            kind=str(error.get("kind", "bug")),
            message=str(error.get("message", "")),
            lines=tuple(str(text) for text in lines) if isinstance(lines, list) else (),
        )
        return Reply(message["id"], {}, failure)
    if isinstance(answer, dict):
        return Reply(message["id"], answer)
    event = message.get("event")
    return Reply(message["id"], {}, event=event) if isinstance(event, dict) else None


def buffer_bytes(entry: Mapping[str, Any]) -> BufferBytes:
    """One buffer of an answer; raises KeyError, TypeError or ValueError for what is none."""
    return BufferBytes(
        buffer=str(entry["buffer"]),
        device=str(entry["device"]),
        weights_bytes=int(entry["weights_bytes"]),
        context_bytes=int(entry["context_bytes"]),
        compute_bytes=int(entry["compute_bytes"]),
    )
