"""A planner whose memory is a straight line, for tests of what is made of plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from advisor.basis import Basis
from advisor.hardware.device import Device, Hardware
from advisor.memory.plan import Buffers, DeviceMemory, FormulaCheck, MemoryPlan, Verdict
from advisor.model.facts import Attention, Layer, ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support import devices

ELEMENT_BYTES = {"f32": 4.0, "f16": 2.0, "bf16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}


def a_model(n_ctx_train: int = 32768, n_layer: int = 32) -> ModelFacts:
    """Llama 3 8B's shape: 131,072 bytes of f16 KV cache per token with 32 layers."""
    attention = Attention(head_count=32, head_count_kv=8, key_length=128, value_length=128)
    return ModelFacts(
        path=Path("model.gguf"),
        shards=(Path("model.gguf"),),
        name="A model",
        architecture="llama",
        quantization="Q4_K_M",
        n_layer=n_layer,
        n_layer_all=n_layer,
        n_ctx_train=n_ctx_train,
        n_embd=4096,
        n_vocab=128256,
        n_expert=0,
        layers=tuple(Layer(i, attention, None, 14336, 0) for i in range(n_layer)),
        weights=(),
        file_bytes=4 * GiB,
        n_params=8_030_000_000,
    )


def ram(usable_bytes: int, reserve_bytes: int = 2 * GiB) -> Device:
    return replace(
        devices.RAM,
        total_bytes=usable_bytes + reserve_bytes + GiB,
        free_bytes=usable_bytes + reserve_bytes,
        reserve_bytes=reserve_bytes,
        usable_if_others_closed_bytes=usable_bytes + GiB,
    )


def gpu(usable_bytes: int, reserve_bytes: int = GiB) -> Device:
    return replace(
        devices.CARD,
        total_bytes=usable_bytes + reserve_bytes,
        free_bytes=usable_bytes + reserve_bytes,
        reserve_bytes=reserve_bytes,
        usable_if_others_closed_bytes=usable_bytes,
    )


class LinearPlanner:
    """Weights by layer, KV cache by token: enough to search in. Counts how often it is asked."""

    def __init__(self, facts: ModelFacts, hardware: Hardware, weights_bytes: int = 4 * GiB) -> None:
        self._facts = facts
        self._hardware = hardware
        self._weights_bytes = weights_bytes
        self.asked: list[LoadSettings] = []

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        layers = self._facts.n_layer
        on_gpu = min(max(settings.n_gpu_layers - 1, 0), layers) if self._hardware.gpus else 0
        row = 8 * 128 * (ELEMENT_BYTES[settings.cache_type_k] + ELEMENT_BYTES[settings.cache_type_v])
        kv_bytes = round(settings.n_ctx * row) * layers
        compute_bytes = settings.n_ubatch * MiB // 2
        lines = []
        for device, share in (
            *((g, on_gpu) for g in self._hardware.gpus),
            (self._hardware.ram, layers - on_gpu),
        ):
            buffers = Buffers(
                device=device.engine_device or "CUDA0",
                weights_bytes=self._weights_bytes * share // layers,
                kv_cache_bytes=kv_bytes * share // layers,
                compute_bytes=compute_bytes if share else 0,
            )
            lines.append(
                DeviceMemory(
                    buffers=buffers,
                    kind=str(device.kind),
                    overhead_bytes=0,
                    usable_bytes=device.usable_bytes,
                    free_bytes=device.free_bytes,
                    device_total_bytes=device.total_bytes,
                    device_name=device.name,
                    shares_ram=device.shares_ram,
                    basis={"weights": Basis.FORMULA},
                )
            )
        fits = all(line.total_bytes <= line.usable_bytes for line in lines)
        return MemoryPlan(
            settings=settings,
            basis=Basis.FORMULA,
            memory=tuple(lines),
            verdict=Verdict.FITS if fits else Verdict.DOES_NOT_FIT,
            formula=FormulaCheck(0, 0, 0, 0, {}, alarm=False),
        )

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> LinearPlanner:
        """Weights grow with the file."""
        other = facts or self._facts
        weights_bytes = self._weights_bytes * other.file_bytes // self._facts.file_bytes
        return LinearPlanner(other, hardware or self._hardware, weights_bytes)

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        self.asked.append(settings)
        return replace(self.estimate(settings), basis=Basis.ENGINE)
