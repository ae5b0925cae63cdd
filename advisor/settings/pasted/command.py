"""A llama-server or llama-cli command line, with its LLAMA_ARG_ variables, also within `docker run`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from advisor.basis import Note
from advisor.errors import UsageError
from advisor.printable import printable
from advisor.settings.pasted import flags
from advisor.settings.pasted.flags import BY_NAME, BY_VARIABLE, Flag
from advisor.settings.pasted.pasted import Beside, Pasted, unread
from advisor.settings.pasted.words import Shell, guessed_shell, lines_of
from advisor.settings.request import Request
from advisor.settings.rope import Rope

FORMAT = "llama-server"
SERVER_SLOTS = 4  # tools/server/server.cpp, where -np is not said
_ALL_EXPERTS = 1_000_000  # --cpu-moe; `resolve` brings it down to the model's layers
_MAX_WORDS = 10_000

_PROGRAM = re.compile(r"(?:.*[/\\])?llama-(server|cli|completion|mtmd-cli)(?:\.exe)?", re.IGNORECASE)
_ONE_PROGRAM = re.compile(r"(?:.*[/\\])?llama(?:\.exe)?", re.IGNORECASE)
_IMAGE = re.compile(r"\S*llama\.cpp\S*", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?:\$env:)?(LLAMA_ARG_\w+)=(.*)", re.IGNORECASE | re.DOTALL)
_TELLS = re.compile(
    r"\bllama-(?:server|cli|completion|mtmd-cli)\b|\bllama(?:\.exe)?\s+(?:serve|cli)\b|\bLLAMA_ARG_\w+="
)
_CONTAINER = re.compile(r"\b(?:docker|podman)\s+run\b")
_WORDS_OF_REQUEST = (
    *("n_ctx", "n_batch", "n_ubatch", "n_seq_max", "kv_unified", "swa_full", "cache_type_k", "cache_type_v"),
    *("flash_attn", "n_gpu_layers", "offload_kqv", "op_offload", "n_cpu_moe", "override_tensor"),
    *("split_mode", "main_gpu", "tensor_split", "devices", "use_mmap"),
)
_BESIDE = ("projector", "draft", "draft_cache_type_k", "draft_cache_type_v", "draft_gpu_layers", "adapters")


class _Reading:
    """What has been understood so far."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.unknown: list[str] = []
        self.notes: list[Note] = []

    def note(self, code: str, text: str) -> None:
        self.notes.append(Note(code, text))

    def take(self, flag: Flag, name: str, value: str | None) -> None:
        """Later words win, as in llama.cpp; what adds up there adds up here."""
        try:
            meaning: Any = flag.constant if flag.read is None or value is None else flag.read(value)
        except UsageError as error:
            raise unread(f"{name}: {error.message}", error.hint) from None
        if flag.field in {"adapters", "override_tensor"}:
            meaning = self.found.get(flag.field, ()) + meaning
        self.found[flag.field] = meaning


def is_command(text: str) -> bool:
    """Whether a program of llama.cpp, or one of its variables, stands in it."""
    if _TELLS.search(text):
        return True
    container = _CONTAINER.search(text)
    return container is not None and "llama.cpp" in text[container.end() :]


def read_command(text: str, shell: Shell | None = None) -> Pasted:
    """What the first such command in `text` would load; later words win over earlier ones and variables.

    `shell` is guessed where it is not given. Raises UsageError (bad-paste) where there is none, and for a
    value that llama.cpp would refuse.
    """
    reading = _Reading()
    environment: dict[str, str] = {}
    program: str | None = None
    words: list[str] = []
    for line in lines_of(text, shell or guessed_shell(text)):
        program, words = _program(line, environment)
        if program:
            break
    if program is None and not environment:
        raise unread(
            "No command of llama.cpp was found in the pasted text.",
            "Paste a line that begins with llama-server, a Modelfile, or a settings file of LM Studio.",
        )
    if "$" in " ".join(words):
        reading.note("not-expanded", "Variables of the shell are not known here and were left as written.")
    for variable, value in environment.items():
        _variable(reading, variable, value)
    _flags(reading, words)
    return _made(reading, program or "server")


def _program(line: Sequence[str], environment: dict[str, str]) -> tuple[str | None, list[str]]:
    """Which program a line starts, and its words; assignments on the way go into `environment`."""
    mounts: dict[str, str] = {}
    is_docker = False
    if line[0].lower() in {"rem", "@rem", "::"}:
        return None, []
    for index, word in enumerate(line[:_MAX_WORDS]):
        if match := _ASSIGNMENT.fullmatch(_joined_assignment(line, index)):
            environment[match[1].upper().removeprefix("LLAMA_ARG_")] = match[2].strip("\"'")
        following = line[index + 1] if index + 1 < len(line) else ""
        if word in {"docker", "podman"}:
            is_docker = True
        elif word in {"-v", "--volume"} and is_docker and following:
            host, _, inside = following.removesuffix(":ro").rpartition(":")
            mounts[inside.rstrip("/")] = host
        elif match := _PROGRAM.fullmatch(word):
            return match[1].lower(), list(line[index + 1 :])
        elif _ONE_PROGRAM.fullmatch(word) and following in {"serve", "server", "cli"}:
            return following, list(line[index + 2 :])
        elif is_docker and _IMAGE.fullmatch(word) and not line[index - 1].startswith("--name"):
            program, rest = "cli" if "light" in word else "server", list(line[index + 1 :])
            if rest and rest[0] in {"--server", "-s", "--run", "-r"} and "full" in word:
                program, rest = ("server" if rest[0] in {"--server", "-s"} else "cli"), rest[1:]
            return program, [_on_the_host(value, mounts) for value in rest]
    return None, []


def _joined_assignment(line: Sequence[str], index: int) -> str:
    """PowerShell allows spaces around its "="."""
    word = line[index]
    if word.lower().startswith("$env:") and line[index + 1 : index + 2] == ["="]:
        return f"{word}={''.join(line[index + 2 : index + 3])}"
    return word


def _on_the_host(value: str, mounts: Mapping[str, str]) -> str:
    """A path in a container as this computer has it, by the -v options."""
    for inside, host in mounts.items():
        if inside and value.startswith(f"{inside}/"):
            return f"{host.rstrip('/')}{value[len(inside) :]}"
    return value


def _variable(reading: _Reading, variable: str, value: str) -> None:
    name = f"LLAMA_ARG_{variable}"
    flag = BY_VARIABLE.get(variable) or BY_VARIABLE.get(variable.removeprefix("NO_"))
    if flag is None:
        reading.unknown.append(name)
    elif flag.read is not None:
        reading.take(flag, name, value)
    elif variable.startswith("NO_"):
        reading.found[flag.field] = False  # its mere presence says no
    else:
        try:
            reading.found[flag.field] = flags.switch(value)
        except UsageError as error:
            raise unread(f"{name}: {error.message}", error.hint) from None


def _flags(reading: _Reading, words: Sequence[str]) -> None:
    at = 0
    while at < len(words):
        word = words[at]
        name = "--" + word[2:].replace("_", "-") if word.startswith("--") else word
        following = words[at + 1] if at + 1 < len(words) else None
        at += 1
        flag = BY_NAME.get(name)
        if name in {"-fa", "--flash-attn"} and (following is None or following.startswith("-")):
            reading.found["flash_attn"] = "on"
            reading.note("flag-wants-value", "-fa needs a value in builds of today: it was read as on.")
        elif flag and flag.read is None:
            reading.take(flag, name, None)
        elif flag:
            if following is None:
                raise unread(f"{name} has no value.", "Paste the whole command.")
            reading.take(flag, name, following)
            at += 1
        elif name in flags.HARMLESS_ALONE:
            continue
        elif name in flags.HARMLESS_WITH_VALUE:
            at += 1
        else:
            at += _other(reading, name, following)


def _other(reading: _Reading, name: str, following: str | None) -> int:
    """A word that decides nothing here; 1 if the next one looks like its value."""
    why = flags.left_out(name)
    if why:
        reading.note("left-out", f"{name} is left out of the figures: {why}.")
    else:
        reading.unknown.append(printable(name))
    is_value = name.startswith("-") and following is not None
    return int(is_value and (not str(following).startswith("-") or _is_number(str(following))))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-[0-9.]+", text) is not None


def _made(reading: _Reading, program: str) -> Pasted:
    found = reading.found
    _slots(reading, program)
    if found.get("cpu_moe"):
        found["n_cpu_moe"] = _ALL_EXPERTS
    scaled = tuple(path.rpartition(":")[0] or path for path in found.get("adapters_scaled", ()))
    found["adapters"] = (*found.get("adapters", ()), *scaled)
    fits = found.get("fit", True)
    says_context = "n_ctx" in found
    n_ctx = found.pop("n_ctx", None)
    rope = {name.removeprefix("rope."): value for name, value in found.items() if name.startswith("rope.")}
    request = Request(
        runtime=FORMAT,
        n_ctx=n_ctx or None,  # -c 0 is the training context
        rope=Rope(**rope),
        **{name: found[name] for name in _WORDS_OF_REQUEST if name in found},
    )
    # common/fit.cpp: the layers are left alone where any of these was set.
    set_by_hand = request.n_gpu_layers is not None or request.override_tensor or request.n_cpu_moe
    return Pasted(
        format=FORMAT,
        request=request,
        model=found.get("model"),
        beside=Beside(**{name: found[name] for name in _BESIDE if name in found}),
        context_by_runtime=fits and not says_context,
        layers_by_runtime=bool(fits and not set_by_hand and not request.tensor_split),
        unknown=tuple(dict.fromkeys(reading.unknown)),
        notes=tuple(dict.fromkeys(reading.notes)),
    )


def _slots(reading: _Reading, program: str) -> None:
    """-np is automatic where it is not said: four slots with one cache in the server, one elsewhere."""
    found = reading.found
    if found.get("n_seq_max", -1) >= 1:
        return
    if found.get("n_seq_max", -1) == 0:
        raise unread("-np: 0 slots are not possible.", "Write -np 1.")
    found["n_seq_max"] = SERVER_SLOTS if program in {"server", "serve"} else 1
    if program in {"server", "serve"}:
        found.setdefault("kv_unified", True)
        reading.note(
            "four-slots",
            f"Without -np llama-server opens {SERVER_SLOTS} slots with one cache for all: -np 1 takes less "
            "where layers have a window or a state.",
        )
