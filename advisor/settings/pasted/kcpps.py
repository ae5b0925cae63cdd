"""KoboldCpp's settings file: JSON with the names of its own options. Judged as llama.cpp would load them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.basis import Note
from advisor.printable import printable
from advisor.settings.pasted.pasted import Beside, Pasted, text_of, unread, whole
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.rope import Rope

FORMAT = "kcpps"

# gpttype_adapter.cpp: extra_context_handle_fragmentation, added to contextsize.
OWN_CELLS = 128
_MOST = 1e30
_BASE = 10000.0  # koboldcpp.py: rope_freq_base where ropeconfig has a scale alone

# koboldcpp.py 1.102 knows numbers alone, later versions write names.
_CACHE_TYPES = {0: "f16", 1: "q8_0", 2: "q4_0"}


def looks_like_kcpps(document: Mapping[str, object]) -> bool:
    """Whether this is such a file."""
    return "model_param" in document or ("contextsize" in document and "gpulayers" in document)


def read_kcpps(document: Mapping[str, object]) -> Pasted:
    """What such a file asks for. Raises UsageError (bad-paste) for a value of the wrong kind."""
    found: dict[str, Any] = {}
    for key, name in (("contextsize", "n_ctx"), ("batchsize", "n_batch"), ("moecpu", "n_cpu_moe")):
        if (value := document.get(key)) is not None and not isinstance(value, bool):
            found[name] = whole(key, value)
    if "n_ctx" in found:
        found["n_ctx"] += OWN_CELLS
    if found.get("n_batch", 0) > 0:
        found["n_ubatch"] = found["n_batch"]
    else:
        found.pop("n_batch", None)  # -1: none at all
    if (gpu := document.get("maingpu")) is not None and whole("maingpu", gpu) >= 0:
        found["main_gpu"] = whole("maingpu", gpu)
    if document.get("splitmode") == "row":
        found["split_mode"] = "row"
    if devices := text_of(document, "device"):
        found["devices"] = tuple(name.strip() for name in devices.split(",") if name.strip())
    if rope := _rope(document.get("ropeconfig")):
        found["rope"] = rope
    layers = document.get("gpulayers")
    n_gpu_layers = whole("gpulayers", layers) if layers is not None else None
    cache_type = _cache_type(document.get("quantkv"))
    split = document.get("tensor_split")
    if isinstance(split, list) and split:
        if not all(map(_is_number, split)):
            raise unread("tensor_split is not a list of numbers.", "Write it like [3, 1].")
        found["tensor_split"] = tuple(map(float, split))
    if document.get("noflashattention") is True or document.get("flashattention") is False:
        found["flash_attn"] = "off" if cache_type == "f16" else "on"
    request = Request(
        runtime="llama-server",
        n_seq_max=1,
        cache_type_k=cache_type,
        cache_type_v=cache_type,
        n_gpu_layers=n_gpu_layers if n_gpu_layers is None or n_gpu_layers >= 0 else None,
        use_mmap=document.get("usemmap") is True,
        offload_kqv=document.get("lowvram") is not True,
        swa_full=document.get("noswa") is True,
        **found,
    )
    text = (
        "KoboldCpp is judged as llama.cpp would load the same settings, with one user and the "
        f"{OWN_CELLS} cells that it adds to contextsize; its other extras are not counted."
    )
    return Pasted(
        format=FORMAT,
        request=request,
        model=text_of(document, "model_param") or text_of(document, "model"),
        beside=_beside(document),
        context_by_runtime="n_ctx" not in found,
        layers_by_runtime=n_gpu_layers is None or n_gpu_layers == ALL_LAYERS,
        unknown=(),
        notes=(Note("kobold-as-llama-cpp", text),),
    )


def _beside(document: Mapping[str, object]) -> Beside:
    layers, adapters = document.get("draftgpulayers"), document.get("lora")
    if isinstance(adapters, str):  # of 1.102
        adapters = [adapters]
    return Beside(
        projector=text_of(document, "mmproj"),
        draft=text_of(document, "draftmodel"),
        draft_gpu_layers=None if layers is None else whole("draftgpulayers", layers),
        adapters=tuple(it for it in adapters if isinstance(it, str)) if isinstance(adapters, list) else (),
    )


def _rope(value: object) -> Rope | None:
    """Frequency scale and base, which is 10,000 unless said; a scale of 0 leaves both to KoboldCpp."""
    if not isinstance(value, list) or not value or not all(map(_is_number, value)):
        return None
    scale, base, *_ = *map(float, value), _BASE
    return Rope(freq_scale=scale, freq_base=base) if scale > 0 and base > 0 else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST < value < _MOST


def _cache_type(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    if not value and not isinstance(value, list | dict):
        return "f16"
    if isinstance(value, int) and value in _CACHE_TYPES:
        return _CACHE_TYPES[value]
    raise unread(
        f"quantkv: {printable(repr(value))} is not a cache type.", "Write 0, 1, 2, or a name like q8_0."
    )
