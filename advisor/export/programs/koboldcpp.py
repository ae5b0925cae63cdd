"""KoboldCpp: a settings file (.kcpps), JSON with the names of its own options."""

from __future__ import annotations

import json
from collections.abc import Iterator

from advisor.export.beside import not_said
from advisor.export.capabilities import left_to_the_runtime, unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.programs.llama_server import tensor_overrides
from advisor.export.quoting import command_line
from advisor.units import format_tokens

TITLE = "KoboldCpp"
VERIFIED = (
    "Names and values of the options as koboldcpp.py of 1.102 and 1.121 defines them; our own reader of such "
    "files gives the same settings back. KoboldCpp was not run."
)

# koboldcpp.py: numbers are read by every version, names since 1.115.
_QUANTKV = {"f16": 0, "q8_0": 1, "q4_0": 2}


def render(load: Load) -> Export:
    """The file for `koboldcpp --config`. Raises SettingsError for a pattern that it would cut."""
    name = f"{load.plain_name}.kcpps"
    text = json.dumps(_settings(load), indent=1, ensure_ascii=False) + "\n"
    return Export(
        runtime="koboldcpp",
        files=(File(name, text),),
        commands=(command_line(("koboldcpp", "--config", name), load.shell),),
        cannot_express=(*_cannot(load), *unsaid("koboldcpp", load.settings)),
        notes=tuple(_notes(load)),
        verified_with=VERIFIED,
    )


def _settings(load: Load) -> dict[str, object]:
    settings, beside = load.settings, load.companions
    found: dict[str, object] = {
        "model_param": load.model_path,
        "contextsize": settings.n_ctx,
        "gpulayers": settings.n_gpu_layers if load.pinned else -1,
        "quantkv": _QUANTKV.get(settings.cache_type_k, settings.cache_type_k),
        # Up to 1.102 it is off unless said, later on unless the other is said.
        "flashattention": load.with_flash_attn,
        "noflashattention": not load.with_flash_attn,
        "batchsize": settings.n_ubatch,
        # 1.102 keeps the whole context of windowed layers unless told, later versions the other way round.
        "noswa": settings.swa_full,
        "useswa": not settings.swa_full,
        "lowvram": not settings.offload_kqv,
        "usemmap": settings.use_mmap,
        "usemlock": False,
        "autofit": not load.pinned,
    }
    if load.pinned:
        found["moecpu"] = settings.n_cpu_moe
        found["tensor_split"] = list(settings.tensor_split) or None
        if settings.override_tensor:
            found["overridetensors"] = tensor_overrides(settings.override_tensor)
    else:
        found["autofitpadding"] = max(load.fit_target_mib)
    if beside.projector:
        found["mmproj"] = str(beside.projector.path)
    if beside.draft and beside.draft.facts.path:
        found["draftmodel"] = str(beside.draft.facts.path)
        if beside.draft.n_gpu_layers is not None:  # all of them by itself
            found["draftgpulayers"] = beside.draft.n_gpu_layers
    return found


def _cannot(load: Load) -> Iterator[Cannot]:
    yield from left_to_the_runtime(load)
    if load.settings.n_ctx > 262_144:
        yield Cannot("--ctx-size", "KoboldCpp before 1.121 takes at most 262,144 tokens.")
    if load.companions.draft and not load.companions.draft.facts.path:
        yield Cannot("--model-draft", "The draft model has no file: set draftmodel to the path of yours.")
    yield from not_said(load, TITLE, but=frozenset({"--mmproj", "--model-draft"}))


def _notes(load: Load) -> Iterator[str]:
    settings = load.settings
    yield "Generated for KoboldCpp 1.102 or newer."
    yield (
        'The GPU\'s backend depends on your build and is not written: add "usecuda": [] or "usevulkan": [] '
        "to the file, or open it in the launcher. Beside --config every other option is ignored."
    )
    if settings.cache_type_k not in _QUANTKV:
        yield f"quantkv is written as a name, {settings.cache_type_k}: that needs KoboldCpp 1.115 or newer."
    if not load.pinned:
        yield "KoboldCpp finds the layers itself (gpulayers -1, autofit); older versions only estimate them."
    if load.facts.n_ctx_train and settings.n_ctx > load.facts.n_ctx_train:
        yield (
            f"Above the {format_tokens(load.facts.n_ctx_train)} tokens of the training KoboldCpp stretches "
            "the positions by itself (NTK), not with YaRN."
        )
    yield "A front end that sends a smaller context of its own uses no more than that: set it there, too."
