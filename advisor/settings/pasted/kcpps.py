"""KoboldCpp's settings file: JSON with the names of its own options. Judged as llama.cpp would load them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.basis import Note
from advisor.settings.pasted.pasted import Beside, Pasted, shown, text_of, unread, whole
from advisor.settings.request import ALL_LAYERS, Request

FORMAT = "kcpps"

# koboldcpp.py 1.102 knows numbers alone, later versions write names.
_CACHE_TYPES = {0: "f16", 1: "q8_0", 2: "q4_0"}
_UNDERSTOOD = frozenset(
    {"model_param", "model", "contextsize", "gpulayers", "quantkv", "batchsize", "flashattention"}
    | {"noflashattention", "moecpu", "tensor_split", "usemmap", "lowvram", "mmproj", "draftmodel", "noswa"}
)


def looks_like_kcpps(document: Mapping[str, object]) -> bool:
    """Whether this is such a file."""
    return "model_param" in document or ("contextsize" in document and "gpulayers" in document)


def read_kcpps(document: Mapping[str, object]) -> Pasted:
    """What such a file asks for. Raises UsageError (bad-paste) for a value of the wrong kind."""
    found: dict[str, Any] = {}
    for key, name in (("contextsize", "n_ctx"), ("batchsize", "n_batch"), ("moecpu", "n_cpu_moe")):
        if (value := document.get(key)) is not None and not isinstance(value, bool):
            found[name] = whole(key, value)
    if "n_batch" in found:
        found["n_ubatch"] = found["n_batch"]
    layers = document.get("gpulayers")
    n_gpu_layers = whole("gpulayers", layers) if layers is not None else None
    cache_type = _cache_type(document.get("quantkv"))
    split = document.get("tensor_split")
    if isinstance(split, list) and split:
        found["tensor_split"] = tuple(float(whole("tensor_split", share)) for share in split)
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
        "KoboldCpp is judged as llama.cpp would load the same settings, with one user; its extras are not "
        "counted."
    )
    return Pasted(
        format=FORMAT,
        request=request,
        model=text_of(document, "model_param") or text_of(document, "model"),
        beside=Beside(projector=text_of(document, "mmproj"), draft=text_of(document, "draftmodel")),
        context_by_runtime="n_ctx" not in found,
        layers_by_runtime=n_gpu_layers is None or n_gpu_layers == ALL_LAYERS,
        unknown=(),
        notes=(Note("kobold-as-llama-cpp", text),),
    )


def _cache_type(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    if not value and not isinstance(value, list | dict):
        return "f16"
    if isinstance(value, int) and value in _CACHE_TYPES:
        return _CACHE_TYPES[value]
    raise unread(f"quantkv: {shown(repr(value))} is not a cache type.", "Write 0, 1, 2, or a name like q8_0.")
