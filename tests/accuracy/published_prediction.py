"""What the formula says of one published load: by device, by kind of layer, or K and V apart."""

from __future__ import annotations

from dataclasses import replace

from advisor.memory import kv_cache, recurrent
from advisor.memory.formula import Formula
from advisor.memory.placement import HOST
from advisor.memory.weights import stored_bytes
from advisor.model.facts import Attention, Layer, Recurrence, Role
from tests.accuracy.published_points import Figure, Point, is_host

# The parts that are given by device, as fields of `Buffers`.
_BUFFERS = {
    "kv": ("kv_cache_bytes",),
    "kv_plus_rs": ("kv_cache_bytes", "recurrent_state_bytes"),
    "rs": ("recurrent_state_bytes",),
    "model": ("weights_bytes",),
    "compute": ("compute_bytes",),
    "output": ("output_bytes",),
}


class Prediction:
    """What the formula says of one point's load."""

    def __init__(self, point: Point) -> None:
        self._reading = point.reading
        self._facts = point.facts
        self._settings = point.settings
        self._targets = point.targets
        self._buffers = Formula(self._facts, self._targets).buffers(self._settings)

    def bytes_of(self, figure: Figure) -> int:
        """What the formula says for one published figure."""
        part, key = figure.path[0], figure.path[-1]
        if part in _BUFFERS:
            n_bytes = sum(self._on(key, name) for name in _BUFFERS[part])
            return n_bytes * self._copies(part) + self._prediction_within(figure)
        if part in ("kv_mtp", "mtp"):
            return self._prediction_cache("f16", "f16")  # -ctkd, -ctvd: f16, whatever the main cache is
        if part == "rs_detail":
            return self._copies(part) * self._state_part(key)
        if part == "total":
            return sum(buffers.total_bytes for buffers in self._buffers[:-1])
        return self._cache_part(figure.path)

    def _on(self, key: str, name: str) -> int:
        """One field of `Buffers` for the device that a figure names, or for all, or for all GPUs."""
        sizes: dict[str, int] = {buffers.device: getattr(buffers, name) for buffers in self._buffers}
        if key in ("TOTAL", "total", "per_seq"):
            return sum(sizes.values())
        if key == "GPU_total":
            return sum(sizes.values()) - sizes[HOST]
        return sizes[HOST if is_host(key) else key.removesuffix("_Mapped")]

    def _cache_part(self, path: tuple[str, ...]) -> int:
        """K or V alone, and the blocks with a window or those without ("CUDA0_nonswa", "swa")."""
        side = path[-1] if path[-1] in ("K", "V") else "both"
        without = any(name.endswith(("nonswa", "non_swa")) for name in path)
        either = not without and not any(name.endswith("swa") for name in path)
        return sum(
            self._layer_cache(layer.attention, side)
            for layer in self._facts.layers
            if layer.attention and (either or bool(layer.attention.window) != without)
        )

    def _layer_cache(self, attention: Attention, side: str) -> int:
        both = kv_cache.layer_bytes(self._facts, self._settings, attention)
        k = kv_cache.layer_bytes(self._facts, self._settings, replace(attention, keys_only=True))
        return {"both": both, "K": k, "V": both - k}[side]

    def _state_part(self, key: str) -> int:
        """R is the convolution's, S the state itself."""
        return sum(
            recurrent.state_bytes(self._settings, _only(layer.recurrence, key))
            for layer in self._facts.layers
            if layer.recurrence
        )

    def _copies(self, part: str) -> int:
        return 1 + int(self._reading.get("n_rs_seq", 0)) if part in ("rs", "rs_detail") else 1

    def _prediction_within(self, figure: Figure) -> int:
        """What the block for multi-token prediction takes, where the figure includes it."""
        if figure.name not in self._reading.get("prediction", ()):
            return 0
        if figure.path[0] == "model":
            skipped = [weight for weight in self._facts.weights if weight.role is Role.SKIPPED]
            return sum(stored_bytes(weight, self._targets[-1].backend) for weight in skipped)
        return self._prediction_cache(self._settings.cache_type_k, self._settings.cache_type_v)

    def _prediction_cache(self, cache_type_k: str, cache_type_v: str) -> int:
        """That block keeps what any block with full attention keeps."""
        attention = next(layer.attention for layer in self._facts.layers if _is_full(layer))
        settings = replace(self._settings, cache_type_k=cache_type_k, cache_type_v=cache_type_v)
        return kv_cache.layer_bytes(self._facts, settings, attention) if attention else 0


def _is_full(layer: Layer) -> bool:
    return layer.attention is not None and not layer.attention.window


def _only(recurrence: Recurrence, key: str) -> Recurrence:
    if key == "R":
        return replace(recurrence, state_elements=0)
    return replace(recurrence, conv_elements=0)
