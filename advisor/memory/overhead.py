"""What a runtime takes beside its buffers: the driver's context, pools, kernels, the process itself.

No estimate of llama.cpp's contains it. These are published examples of other machines, so their basis is
`assumed` until this machine has measured its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.hardware.device import Device
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import KiB, MiB

# CUDA's primary context: 107 MiB on 34 multiprocessors, 256 on 82, 555 on 188 (llama.cpp PR 23604, InvokeAI
# issue 9413), about 3.1 MiB each.
_CUDA_BYTES_PER_MULTIPROCESSOR = 3175 * KiB
# Kernels, cuBLAS and its workspace, pools and graphs, which come with the first prompt: 749 MiB in all were
# unaccounted for on a card with a context of 555 (llama.cpp issue 27953); a little more here.
_CUDA_BESIDE_CONTEXT_BYTES = 256 * MiB
_BYTES = {
    "CUDA": 512 * MiB,  # where the number of multiprocessors is not known
    "ROCm": 512 * MiB,
    "HIP": 512 * MiB,
    "Vulkan": 200 * MiB,
    "SYCL": 300 * MiB,
    "Metal": 128 * MiB,
    "MTL": 128 * MiB,
}
_UNKNOWN_BACKEND_BYTES = 512 * MiB

# The process: code, vocabulary and work buffers. The real Gemma 3 270M with its 262,144 tokens of vocabulary
# took 92 MiB in a dry run and 29 more when filled.
_HOST_BYTES = 128 * MiB
# 48 bytes for a cell of the cache when it is made, some 100 more when a token is in it (llama-kv-cells.h).
_HOST_BYTES_PER_CELL = 150


def gpu_overhead(device: Device, measured: Mapping[str, int]) -> int:
    """Bytes on a GPU beside the buffers; `measured` holds this machine's own by backend."""
    if device.backend in measured:
        return measured[device.backend]
    if device.backend == "CUDA" and device.multiprocessors:
        return device.multiprocessors * _CUDA_BYTES_PER_MULTIPROCESSOR + _CUDA_BESIDE_CONTEXT_BYTES
    return _BYTES.get(device.backend, _UNKNOWN_BACKEND_BYTES)


def host_overhead(facts: ModelFacts, settings: LoadSettings, measured: Mapping[str, int]) -> int:
    """Bytes in RAM beside the buffers, when the context is full."""
    n_bytes = measured.get("CPU", _HOST_BYTES) + settings.n_ctx * _HOST_BYTES_PER_CELL
    if settings.runtime == "llama-cpp-python":
        n_bytes += python_arrays_bytes(facts, settings)
    return n_bytes


def host_part(beside_buffers_bytes: int, settings: LoadSettings) -> int:
    """Of what a process was measured to hold beside its buffers, the part that `host_overhead` takes as
    measured: without the cells, which grow with the context."""
    return max(0, beside_buffers_bytes - settings.n_ctx * _HOST_BYTES_PER_CELL)


def python_arrays_bytes(facts: ModelFacts, settings: LoadSettings) -> int:
    """What the `Llama` class of llama-cpp-python keeps itself (llama_cpp/llama.py, _internals.py).

    A row of scores for every token of a batch, and room for n_ctx sequence numbers beside each of them.
    """
    scores = 4 * settings.n_batch * facts.n_vocab
    return scores + 4 * settings.n_batch * settings.n_ctx
