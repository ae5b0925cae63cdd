"""The breakdown of one context, made into `Buffers`: to the byte, and checked against the log lines.

The breakdown knows neither the output buffer nor how much of "context" is recurrent state; the log lines
know both, rounded. Where a figure that follows from the header agrees with the rounded one, it is the exact
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, combinations

from advisor.engine.log_lines import ROUNDING_BYTES, LoggedBuffers
from advisor.engine.protocol import BufferBytes
from advisor.memory.plan import Buffers
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings

HOST = "CPU"
STATE_ELEMENT_BYTES = 4  # always f32 (src/llama-memory-recurrent.cpp)
# Every tensor is padded to its buffer's alignment, which the log's sums leave out.
ALIGNMENT_BYTES = 128

_HOST_BUFFER = re.compile(r"CPU|AMX|BLAS|.*_Host$")
_KIND_OF_DEVICE_BUFFER = re.compile(r"^(.*\d)_[A-Za-z]+$")
_COPIED = re.compile(r"REPACK|AMX|KLEIDIAI|SPACEMIT", re.IGNORECASE)


def device_of(buffer: str, known: Mapping[str, str]) -> str:
    """The device of a buffer, as the engine says or by its name.

    By name "CUDA_Host" is host memory and "MTL0_Mapped" the device MTL0; but "RPC0[...:50053]" can be RPC1.
    """
    if buffer in known:
        return known[buffer]
    if _HOST_BUFFER.match(buffer):
        return HOST
    kind = _KIND_OF_DEVICE_BUFFER.match(buffer)
    return kind[1] if kind else buffer


def is_copied(buffer: str) -> bool:
    """True for host memory that holds weights in another layout than the file's: never mapped."""
    return _COPIED.search(buffer) is not None


def agree(buffers: Sequence[BufferBytes], logged: LoggedBuffers, n_layer: int) -> bool:
    """True if the breakdown says what the log lines say, as far as these are rounded."""
    context_bytes = sum(entry.context_bytes for entry in buffers)
    n_lines = len(logged.caches) + len(logged.state)
    slack = ROUNDING_BYTES * n_lines + ALIGNMENT_BYTES * 4 * max(n_layer, 1)
    if abs(context_bytes - logged.kv_cache_bytes - logged.state_bytes) > slack:
        return False
    compute = {entry.buffer: entry.compute_bytes for entry in buffers}
    return all(
        abs(compute.get(name, 0) - n_bytes) <= ROUNDING_BYTES for name, n_bytes in logged.compute.items()
    )


def buffers_by_device(
    buffers: Sequence[BufferBytes], logged: LoggedBuffers, facts: ModelFacts, settings: LoadSettings
) -> tuple[Buffers, ...]:
    """What the breakdown says, device by device, the host last."""
    candidates = _state_candidates(facts, settings.n_seq_max)
    known = {entry.buffer: entry.device for entry in buffers}
    state, output = by_device(logged.state, known), by_device(logged.output, known)
    result = []
    for device in in_order(entry.device for entry in buffers):
        entries = [entry for entry in buffers if entry.device == device]
        context_bytes = sum(entry.context_bytes for entry in entries)
        state_bytes = _nearest(state[device], candidates) if device in state else 0
        if logged.state and not logged.caches:
            state_bytes = context_bytes  # nothing else is kept
        state_bytes = min(state_bytes, context_bytes)
        in_file = sum(entry.weights_bytes for entry in entries if not is_copied(entry.buffer))
        result.append(
            Buffers(
                device=device,
                weights_bytes=sum(entry.weights_bytes for entry in entries),
                kv_cache_bytes=context_bytes - state_bytes,
                recurrent_state_bytes=state_bytes,
                compute_bytes=sum(entry.compute_bytes for entry in entries),
                output_bytes=output_bytes(output, device, facts, settings),
                mapped_file_bytes=in_file if settings.use_mmap and device == HOST else 0,
            )
        )
    return tuple(result)


def in_order(devices: Iterable[str]) -> list[str]:
    """Each device once, as first named, the host last; the host is always there."""
    return [name for name in dict.fromkeys(devices) if name != HOST] + [HOST]


def by_device(by_buffer: Mapping[str, int], known: Mapping[str, str]) -> dict[str, int]:
    """The sums over the buffers that lie on one device."""
    total: dict[str, int] = {}
    for buffer, n_bytes in by_buffer.items():
        device = device_of(buffer, known)
        total[device] = total.get(device, 0) + n_bytes
    return total


def output_bytes(output: Mapping[str, int], device: str, facts: ModelFacts, settings: LoadSettings) -> int:
    """The output buffer on a device: a row of logits a sequence, where the log agrees (output_reserve)."""
    if device not in output:
        return 0
    return _nearest(output[device], [4 * facts.n_vocab * settings.n_seq_max])


def _state_candidates(facts: ModelFacts, n_seq_max: int) -> list[int]:
    """What the state of any run of neighbouring layers takes: a device holds such a run."""
    sums = list(
        accumulate(
            (
                layer.recurrence.conv_elements + layer.recurrence.state_elements if layer.recurrence else 0
                for layer in facts.layers
            ),
            initial=0,
        )
    )
    runs = {last - first for first, last in combinations(sums, 2)} - {0}
    return [run * STATE_ELEMENT_BYTES * n_seq_max for run in runs]


def _nearest(logged_bytes: int, candidates: Sequence[int]) -> int:
    """The exact figure that a rounded one stands for, or the rounded one if there is none."""
    nearest = min(candidates, key=lambda exact: abs(exact - logged_bytes), default=logged_bytes)
    return nearest if abs(nearest - logged_bytes) <= ROUNDING_BYTES else logged_bytes
