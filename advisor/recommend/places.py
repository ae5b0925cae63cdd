"""Where a load's parts lie, in a few words, for every table that shows it."""

from __future__ import annotations

from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings


def places(settings: LoadSettings, facts: ModelFacts, *, has_gpu: bool) -> str:
    """ "all layers on the GPU", and what differs from that: experts or the KV cache in the RAM, a split."""
    if not has_gpu:
        return "in the RAM"
    every = facts.all_gpu_layers
    layers = "all" if settings.n_gpu_layers >= every else f"{settings.n_gpu_layers} of {every}"
    found = [f"{layers} layers on the GPU"]
    if settings.n_cpu_moe:
        found.append(f"experts of {settings.n_cpu_moe} layers on the CPU")
    if not settings.offload_kqv:
        found.append("KV cache in the RAM")
    if settings.split_mode == "none":
        found.append(f"GPU {settings.main_gpu} alone")
    elif settings.tensor_split:
        found.append(f"split {','.join(f'{share:g}' for share in settings.tensor_split)}")
    if settings.devices:
        found.append(f"only {', '.join(settings.devices)}")
    return ", ".join(found)
