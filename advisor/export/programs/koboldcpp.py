"""KoboldCpp: a settings file (.kcpps), JSON with the names of its own options."""

from __future__ import annotations

import json
from collections.abc import Iterator

from advisor.export.capabilities import left_to_the_runtime, unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.programs.llama_server import tensor_overrides
from advisor.export.quoting import command_line
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.settings.pasted.kcpps import OWN_CELLS
from advisor.settings.rope import Rope, said
from advisor.units import CONTEXT_STEP, format_tokens

VERIFIED = (
    "Names, kinds and values of the options as koboldcpp.py of 1.102 and 1.121 defines them; our own reader "
    "of such files gives the same settings back. KoboldCpp was not run."
)

# koboldcpp.py: numbers are read by every version, names since 1.115.
_QUANTKV = {"f16": 0, "q8_0": 1, "q4_0": 2}
# koboldcpp.py: splitmode_choices, of versions after 1.102; "none" is not among them.
_SPLIT_MODES = ("layer", "row")


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
        "contextsize": _context_size(settings),
        "gpulayers": settings.n_gpu_layers if load.pinned else -1,
        "quantkv": _QUANTKV.get(settings.cache_type_k, settings.cache_type_k),
        # Up to 1.102 it is off unless said, later on unless the other is said.
        "flashattention": load.with_flash_attn,
        "noflashattention": not load.with_flash_attn,
        "batchsize": settings.n_ubatch,
        "noswa": settings.swa_full,
        "lowvram": not settings.offload_kqv,
        "usemmap": settings.use_mmap,
        "usemlock": False,
        "autofit": not load.pinned,
    }
    if _has_windows(load.facts) and not settings.swa_full:
        # 1.102 keeps the whole context of windowed layers unless told, later versions the other way round.
        # They read it all the same, and then never shift the context (convert_invalid_args).
        found["useswa"] = True
    if load.pinned:
        found |= _placement(settings)
    else:
        found["autofitpadding"] = max(load.fit_target_mib)
    if settings.main_gpu:
        found["maingpu"] = settings.main_gpu
    if _named_devices(settings):
        found["device"] = ",".join(settings.devices)
    if positions := _rope_config(settings.rope):
        found["ropeconfig"] = positions
    if beside.projector:
        found["mmproj"] = str(beside.projector.path)
    if beside.draft and beside.draft.facts.path:
        found["draftmodel"] = str(beside.draft.facts.path)
        if beside.draft.n_gpu_layers is not None:  # all of them by itself
            found["draftgpulayers"] = beside.draft.n_gpu_layers
    if len(beside.adapters) == 1:
        found["lora"] = [str(beside.adapters[0].path)]
    return found


def _context_size(settings: LoadSettings) -> int:
    """What makes KoboldCpp allocate n_ctx cells: it adds its own, and llama.cpp rounds up. At least 256."""
    return max(settings.n_ctx - OWN_CELLS, CONTEXT_STEP)


def _has_windows(facts: ModelFacts) -> bool:
    return any(layer.attention and layer.attention.window for layer in facts.layers)


def _placement(settings: LoadSettings) -> dict[str, object]:
    """Where the layers go, beside their number."""
    found: dict[str, object] = {
        "moecpu": settings.n_cpu_moe,
        "tensor_split": list(settings.tensor_split) or None,
    }
    if settings.override_tensor:
        found["overridetensors"] = tensor_overrides(settings.override_tensor)
    if settings.split_mode == "row":
        found["splitmode"] = "row"
    return found


def _named_devices(settings: LoadSettings) -> bool:
    """kcpp_parse_device_list (otherarch/utils.cpp) makes all of them of "none"."""
    return bool(settings.devices) and settings.devices != ("none",)


def _rope_config(rope: Rope) -> list[float] | None:
    """Frequency scale and base, which count together alone (gpttype_adapter.cpp); None without a base."""
    if rope.freq_base is None or rope.scaling not in {None, "none", "linear"}:
        return None
    factor = rope.factor if rope.scaling != "none" else None
    return [1 / factor if factor else 1.0, rope.freq_base]


def _cannot(load: Load) -> Iterator[Cannot]:
    settings = load.settings
    yield from left_to_the_runtime(load)
    if settings.split_mode not in _SPLIT_MODES:
        why = f"KoboldCpp cannot be told {settings.split_mode}: it splits the layers among all GPUs."
        yield Cannot("--split-mode", why)
    if settings.devices and not _named_devices(settings):
        yield Cannot("--device none", "KoboldCpp reads it as all of them: gpulayers 0 keeps the layers off.")
    yield from _unsaid_positions(settings.rope)
    if settings.n_ctx < 2 * CONTEXT_STEP:
        yield Cannot("--ctx-size", f"KoboldCpp takes no less than {2 * CONTEXT_STEP} tokens.")
    if settings.n_ctx > 262_144:
        yield Cannot("--ctx-size", "KoboldCpp before 1.121 takes at most 262,144 tokens.")
    if load.companions.draft and not load.companions.draft.facts.path:
        yield Cannot("--model-draft", "The draft model has no file: set draftmodel to the path of yours.")
    if len(load.companions.adapters) > 1:
        yield Cannot("--lora", "KoboldCpp loads one LoRA adapter; none is written, for you to choose.")


def _unsaid_positions(rope: Rope) -> Iterator[Cannot]:
    if not said(rope) or (_rope_config(rope) and not _of_yarn(rope)):
        return
    options = ", ".join(said(rope))
    if rope.scaling == "yarn" or _of_yarn(rope):
        yield Cannot(options, "KoboldCpp has no YaRN: ropeconfig is a frequency scale and base alone.")
    else:
        yield Cannot(
            options,
            "KoboldCpp would take 10,000 for the base in place of the model's own: add --rope-freq-base.",
        )


def _of_yarn(rope: Rope) -> bool:
    return any(option.startswith("--yarn") for option in said(rope))


def _notes(load: Load) -> Iterator[str]:
    settings = load.settings
    yield "Generated for KoboldCpp 1.102 or newer."
    yield (
        "Put the file anywhere, for example beside the program. koboldcpp stands for what yours is called: "
        "koboldcpp.exe, ./koboldcpp-linux-x64. An option of the same name beside --config wins."
    )
    if settings.n_ctx >= 2 * CONTEXT_STEP:
        yield (
            f"contextsize is {format_tokens(_context_size(settings))}: KoboldCpp adds {OWN_CELLS} cells of "
            f"its own, and so allocates the {format_tokens(settings.n_ctx)} that were planned."
        )
    if settings.n_gpu_layers or not load.pinned:
        yield (
            "Where the file names no backend KoboldCpp takes CUDA (or ROCm), else Vulkan, by itself; "
            '"usecuda": [] or "usevulkan": [] in the file chooses.'
        )
    if settings.cache_type_k not in _QUANTKV:
        yield f"quantkv is written as a name, {settings.cache_type_k}: that needs KoboldCpp 1.115 or newer."
    if load.pinned and settings.split_mode == "row":
        yield 'KoboldCpp 1.102 passes over splitmode: there, "usecuda": ["rowsplit"] says it.'
    if _named_devices(settings):
        yield "KoboldCpp 1.102 passes over device and uses all GPUs."
    if not load.pinned:
        yield "KoboldCpp finds the layers itself (gpulayers -1, autofit); older versions only estimate them."
    if (
        load.facts.n_ctx_train
        and settings.n_ctx > load.facts.n_ctx_train
        and "ropeconfig" not in _settings(load)
    ):
        yield (
            f"Above the {format_tokens(load.facts.n_ctx_train)} tokens of the training KoboldCpp stretches "
            "the positions by itself (NTK), not with YaRN, and only where the model's own base is 10,000 or "
            "500,000; with another base it does not stretch them."
        )
    yield "A front end that sends a smaller context of its own uses no more than that: set it there, too."
