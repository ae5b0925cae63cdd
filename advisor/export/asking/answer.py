"""`Loaded`: one model in a program's memory, as far as the program tells, and how its answers are read."""

from __future__ import annotations

from dataclasses import dataclass

MOST_MODELS = 64  # nobody has more in memory; a list without an end is not followed
_LONGEST = 4096  # a path on Linux; nothing that is read here is longer


@dataclass(frozen=True, slots=True)
class Loaded:
    """One model in memory. `n_ctx` is one slot's; None for what the program does not say.

    `path` is the model's file as the program writes it, which may be on another file system (a container's);
    `file_bytes` is that file's size. `names` are others than `name` that the program knows the model by.
    """

    name: str
    n_ctx: int | None
    n_slots: int | None = None
    size_bytes: int | None = None
    on_gpu_bytes: int | None = None
    path: str | None = None
    file_bytes: int | None = None
    architecture: str | None = None
    quantization: str | None = None
    names: tuple[str, ...] = ()
    flash_attn: bool | None = None
    offload_kqv: bool | None = None


def entries(answer: object, key: str) -> list[object] | None:
    """The list under `key`, at most MOST_MODELS of it; None where there is none."""
    found = answer.get(key) if isinstance(answer, dict) else None
    return found[:MOST_MODELS] if isinstance(found, list) else None


def count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def text(value: object) -> str | None:
    """A name or path that can be shown, asked for and looked for."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:  # half a character, which JSON can spell
        return None
    return value


def switch(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
