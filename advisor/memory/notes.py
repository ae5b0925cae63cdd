"""What a plan's figures do not say by themselves: the notes that travel with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.basis import Basis, Note
from advisor.hardware.device import Device
from advisor.memory.plan import DeviceMemory, FormulaCheck
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import reaches, stretching_note
from advisor.units import CONTEXT_STEP, MiB, format_bytes, format_tokens

# Ollama starts llama-server with a context of its own choice, so that --fit can only move layers
# (common/fit.cpp: --fit-target is 1024 MiB on each device).
OLLAMA_FIT_MARGIN_BYTES = 1024 * MiB


def plan_notes(facts: ModelFacts, settings: LoadSettings, check: FormulaCheck) -> list[Note]:
    """What the person should know of the load as a whole."""
    found = []
    if not facts.has_cache:
        found.append(Note("no-cache", "This model keeps nothing between calls: it has no KV cache."))
    reach = max(reaches(facts, settings.rope), CONTEXT_STEP)
    if settings.n_ctx_per_slot > reach:
        trained, asked = format_tokens(facts.n_ctx_train), format_tokens(settings.n_ctx_per_slot)
        text = f"{asked} tokens are more than the {trained} that the model was trained for."
        if reach > facts.n_ctx_train > 0:
            text += f" Stretched as you say, it reaches {format_tokens(reach)}."
        found.append(Note("above-training-context", text))
    if stretching := stretching_note(facts, settings.rope):
        found.append(stretching)
    if not facts.verified and not check.disagreement_percent:
        text = (
            f'Unverified architecture "{facts.architecture}": the figures are by general rules, which were '
            "never compared with llama.cpp's for it."
        )
        found.append(Note("unverified-architecture", text))
    if check.alarm:
        worst = max(check.disagreement_percent, key=lambda part: check.disagreement_percent[part])
        found.append(
            Note(
                "drift",
                f'Unverified architecture "{facts.architecture}": our formula is '
                f"{check.disagreement_percent[worst]:.0f} % off for {worst.replace('_', ' ')}. The figures "
                "shown are the engine's.",
            )
        )
    return found


def device_notes(
    settings: LoadSettings, lines: Sequence[DeviceMemory], device_of: Mapping[str, Device], basis: Basis
) -> list[Note]:
    """What the figures of a GPU do not say by themselves."""
    found = []
    for line in lines[:-1]:
        if not line.buffers.weights_bytes:
            continue
        free = line.device_total_bytes if line.free_bytes is None else line.free_bytes
        left = free - line.buffers.total_bytes
        if settings.runtime == "ollama" and left < OLLAMA_FIT_MARGIN_BYTES:
            margin = format_bytes(OLLAMA_FIT_MARGIN_BYTES)
            text = (
                f"Ollama leaves {margin} of each GPU free: here it would move layers to the CPU, unless "
                "num_gpu says otherwise."
            )
            found.append(Note("ollama-fit-margin", text))
        is_unpacked = settings.cache_type_k != "f16" or settings.cache_type_v != "f16"
        if device_of[line.device].backend == "CUDA" and is_unpacked and basis is Basis.FORMULA:
            text = (
                "CUDA unpacks a cache that is not f16 for attention: that scratch memory is part of compute."
            )
            found.append(Note("cuda-scratch", text))
    return list(dict.fromkeys(found))
