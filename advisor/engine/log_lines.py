"""What llama.cpp's log says about the buffers of one context, in bytes rounded to 0.01 MiB.

The lines are those of src/llama-kv-cache.cpp, llama-memory-recurrent.cpp, llama-kv-cache-dsv4.cpp and
llama-context.cpp. In a dry run "KV buffer size" and "model buffer size" are always 0.00 and not used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.units import MiB

ROUNDING_BYTES = 5_243  # half of 0.01 MiB: the lines are printed with two decimals


@dataclass(frozen=True, slots=True)
class LoggedCache:
    """One KV cache: its whole size, and on which device each of its layers lies, where that was logged."""

    n_bytes: int
    layer_devices: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class LoggedBuffers:
    """One context's buffers. `state`, `compute` and `output` are by name of the buffer ("CPU", "CUDA_Host").

    `flash_attn` is "on" or "off" as resolved, None where the lines do not tell.
    """

    caches: tuple[LoggedCache, ...]
    state: Mapping[str, int]
    compute: Mapping[str, int]
    output: Mapping[str, int]
    flash_attn: str | None

    @property
    def kv_cache_bytes(self) -> int:
        return sum(cache.n_bytes for cache in self.caches)

    @property
    def state_bytes(self) -> int:
        return sum(self.state.values())


_CACHE = re.compile(r"^llama_kv_cache\w*: size = +([\d.]+) MiB \(")
_CACHE_LAYER = re.compile(r"^llama_kv_cache\w*: layer +(\d+): dev = (.+)$")
_STATE = re.compile(r"^\w+: +(\S+) (?:RS|DSV4 .*state) buffer size = +([\d.]+) MiB")
_COMPUTE = re.compile(r"^\w+: +(\S+) compute buffer size = +([\d.]+) MiB")
_OUTPUT = re.compile(r"^\w+: +(\S+) +output buffer size = +([\d.]+) MiB")
_FLASH_ATTN = {
    "Flash Attention enabled": "on",
    "Flash Attention not supported, set to disabled": "off",
    "flash_attn            = enabled": "on",
    "flash_attn            = disabled": "off",
}


def parse(lines: Sequence[str]) -> LoggedBuffers:
    """The buffers that the lines of one context name; a line that is none of these says nothing."""
    caches: list[LoggedCache] = []
    state: dict[str, int] = {}
    compute: dict[str, int] = {}
    output: dict[str, int] = {}
    flash_attn = None
    devices: dict[int, str] = {}  # of the layers of the cache that is being made
    for line in lines:
        if found := _CACHE_LAYER.match(line):
            devices[int(found[1])] = found[2]
        elif found := _CACHE.match(line):
            caches.append(LoggedCache(_bytes(found[1]), devices))
            devices = {}
        elif found := _STATE.match(line):
            state[found[1]] = state.get(found[1], 0) + _bytes(found[2])
        elif found := _COMPUTE.match(line):
            compute[found[1]] = _bytes(found[2])  # printed again when the graph is reserved again
        elif found := _OUTPUT.match(line):
            output[found[1]] = _bytes(found[2])
        else:
            flash_attn = next((value for text, value in _FLASH_ATTN.items() if text in line), flash_attn)
    return LoggedBuffers(tuple(caches), state, compute, output, flash_attn)


def _bytes(mebibytes: str) -> int:
    return round(float(mebibytes) * MiB)
