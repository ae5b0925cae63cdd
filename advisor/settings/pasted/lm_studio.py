"""LM Studio's per-model default file: load.fields, each a key and a value (SDK 2.0's load schema)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.basis import Note
from advisor.printable import printable
from advisor.settings.pasted.pasted import Pasted, truth, unread, whole
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.rope import Rope

FORMAT = "lm-studio"

_LLAMA = "llm.load.llama."
_HARMLESS = frozenset(
    {"llm.load.seed", f"{_LLAMA}cpuThreadPoolSize", f"{_LLAMA}keepModelInMemory", f"{_LLAMA}tryDirectIO"}
)
_NUMBERS = {
    "llm.load.contextLength": "n_ctx",
    "llm.load.numParallelSessions": "n_seq_max",
    f"{_LLAMA}evalBatchSize": "n_batch",
    f"{_LLAMA}physicalBatchSize": "n_ubatch",
}
_TRUTHS = {
    "llm.load.useUnifiedKvCache": "kv_unified",
    "llm.load.offloadKVCacheToGpu": "offload_kqv",
    f"{_LLAMA}tryMmap": "use_mmap",
}
_CACHE_TYPES = {
    f"{_LLAMA}kCacheQuantizationType": "cache_type_k",
    f"{_LLAMA}vCacheQuantizationType": "cache_type_v",
}
_FREQUENCIES = {f"{_LLAMA}ropeFrequencyBase": "freq_base", f"{_LLAMA}ropeFrequencyScale": "freq_scale"}


def looks_like_defaults(document: Mapping[str, object]) -> bool:
    """Whether this is such a file."""
    load = document.get("load")
    return isinstance(load, Mapping) and isinstance(load.get("fields"), list)


def read_defaults(document: Mapping[str, object]) -> Pasted:
    """What LM Studio would load a model with. Raises UsageError (bad-paste) for a value it would reject."""
    values = _values(document)
    found, rope, unknown = _read(values)
    automatic = truth(_AUTO_FIT, values.get(_AUTO_FIT, True))
    share = None if automatic else _share(_OFFLOAD, values.get(_OFFLOAD))
    if share in {0, ALL_LAYERS}:
        found["n_gpu_layers"] = int(share or 0)
    notes: tuple[Note, ...] = ()
    if automatic:
        found.pop("n_ctx", None)
        text = (
            "autoFit is on, which it is where nothing is said: LM Studio chooses context and layers itself "
            "and ignores contextLength and offloadRatio."
        )
        notes = (Note("auto-fit", text),)
    return Pasted(
        format=FORMAT,
        request=Request(runtime=FORMAT, rope=rope, **found),
        context_by_runtime=automatic or "n_ctx" not in found,
        layers_by_runtime=automatic,
        gpu_share=share if share is not None and share > 0 else None,
        cpu_expert_share=None if automatic else _share(_EXPERTS, values.get(_EXPERTS)),
        unknown=tuple(unknown),
        notes=notes,
    )


def _read(values: Mapping[str, object]) -> tuple[dict[str, Any], Rope, list[str]]:
    """What `Request` has a name for, the frequencies, and keys that are neither these nor harmless."""
    found: dict[str, Any] = {}
    rope: dict[str, Any] = {}
    unknown = []
    for key, value in values.items():
        if key in _NUMBERS:
            found[_NUMBERS[key]] = whole(key, value)
        elif key in _TRUTHS:
            found[_TRUTHS[key]] = truth(key, value)
        elif key == _FLASH_ATTENTION:
            found["flash_attn"] = "on" if truth(key, value) else "off"
        elif key in _CACHE_TYPES or key in _FREQUENCIES:
            checked = _checked(key, value)
            if checked is not None and key in _CACHE_TYPES:
                found[_CACHE_TYPES[key]] = _text(key, checked)
            elif checked is not None:
                rope[_FREQUENCIES[key]] = _number(key, checked)
        elif key not in _HARMLESS and key not in _OWN:
            unknown.append(printable(key))
    return found, Rope(**rope), unknown


_FLASH_ATTENTION = f"{_LLAMA}flashAttention"
_AUTO_FIT = f"{_LLAMA}autoFit"
_OFFLOAD = f"{_LLAMA}acceleration.offloadRatio"
_EXPERTS = "llm.load.numCpuExpertLayersRatio"
_OWN = frozenset({_AUTO_FIT, _OFFLOAD, _EXPERTS})


def _values(document: Mapping[str, object]) -> dict[str, object]:
    load = document.get("load")
    fields = load.get("fields") if isinstance(load, Mapping) else None
    if not isinstance(fields, list):
        raise unread("load.fields is not a list.", "Paste the whole file of LM Studio.")
    values = {}
    for field in fields:
        if not isinstance(field, Mapping) or not isinstance(field.get("key"), str) or "value" not in field:
            raise unread("A field has no key and value.", "Paste the whole file of LM Studio.")
        values[str(field["key"])] = field["value"]
    return values


def _checked(key: str, value: object) -> object:
    """The value of {"checked": ..., "value": ...}; None where it is not checked. A plain text is rejected."""
    if not isinstance(value, Mapping) or not isinstance(value.get("checked"), bool):
        raise unread(f"{printable(key)} is no table.", 'Write it like {"checked": true, "value": "q8_0"}.')
    return value.get("value") if value["checked"] else None


def _share(key: str, value: object) -> float | None:
    """A share of the blocks, ALL_LAYERS for "max" and 0 for "off"; None where nothing was said."""
    if value is None or value == "off":
        return None if value is None else 0
    if value == "max":
        return ALL_LAYERS
    number = _number(key, value)
    if 0 <= number <= 1:
        return number
    raise unread(
        f"{printable(key)}: {number:g} is not a share.", 'Write a number from 0 to 1, "max" or "off".'
    )


def _number(key: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return float(value)
    raise unread(f"{printable(key)}: {printable(repr(value))} is not a number.", "Write a number.")


def _text(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise unread(f"{printable(key)}: {printable(repr(value))} is not a cache type.", "Write one like q8_0.")
