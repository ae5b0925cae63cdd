"""`DeviceLimits`: how much of a KV cache a GPU takes in one piece, learned from what was asked.

A Vulkan device works on no tensor above its maxStorageBufferRange (ggml/src/ggml-vulkan/ggml-vulkan.cpp:
supports_op), whatever its type. For an architecture whose shapes are not known for certain llama.cpp ends its
process over it, so each such question is a costly one; for the others it saves a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from advisor.basis import Note
from advisor.memory.kv_cache import largest_tensor_bytes
from advisor.memory.placement import place
from advisor.memory.plan import Target
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings


@dataclass(frozen=True, slots=True)
class _Beyond:
    """A load that was beyond a device: its largest tensor on each GPU, and the words for it."""

    settings: LoadSettings
    tensor_bytes: Mapping[str, int]
    note: Note


class DeviceLimits:
    """For one model on these devices."""

    def __init__(self, facts: ModelFacts, targets: Sequence[Target]) -> None:
        self._facts = facts
        self._targets = tuple(targets)
        self._beyond: list[_Beyond] = []
        self._worked: set[tuple[str, ...]] = set()

    def worked(self, settings: LoadSettings) -> None:
        """A load was not beyond them."""
        if any(self._tensor_bytes(settings).values()):
            self._worked.add(_kernel(settings))

    def failed(self, settings: LoadSettings, note: Note) -> None:
        """A load was; `note` says so."""
        self._beyond.append(_Beyond(settings, self._tensor_bytes(settings), note))

    def beyond(self, settings: LoadSettings) -> Note | None:
        """Why such a load cannot be, None where that is not known.

        What failed with other cache types counts where those are known to work when they are smaller: else
        it may have been the type, not the size.
        """
        if not self._beyond:
            return None
        wanted = self._tensor_bytes(settings)
        for failed in self._beyond:
            is_about_size = _kernel(failed.settings) in {_kernel(settings), *self._worked}
            sizes = failed.tensor_bytes.items()
            is_as_large = all(wanted.get(device, 0) >= n_bytes for device, n_bytes in sizes if n_bytes)
            if is_about_size and is_as_large and any(failed.tensor_bytes.values()):
                return failed.note
        return None

    def _tensor_bytes(self, settings: LoadSettings) -> dict[str, int]:
        """The largest tensor of the KV cache on each GPU, in bytes."""
        if not settings.offload_kqv:
            return {}
        placement = place(self._facts.n_layer_all, settings, self._targets)
        found = {}
        for index, device in enumerate(placement.devices[:-1]):
            there = [la for la, at in zip(self._facts.layers, placement.layers, strict=True) if at == index]
            kinds = {layer.attention: layer for layer in there}
            found[device.name] = largest_tensor_bytes(
                replace(self._facts, layers=tuple(kinds.values())), settings
            )
        return found


def _kernel(settings: LoadSettings) -> tuple[str, ...]:
    """What a device needs a kernel for: it may lack one whatever the size."""
    return settings.cache_type_k, settings.cache_type_v, settings.flash_attn
