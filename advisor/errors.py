"""Everything that is expected to go wrong, as one tree.

Each leaf carries a sentence (`message`), what to do next (`hint`), a `code` for machines and the exit
code of the command line. Whatever is not in this tree is a bug and is shown as one.

    AdvisorError
    ├── UsageError             2  what was asked cannot be
    │   ├── SettingsError      2  one option's value is impossible, or two contradict each other
    │   └── PresetError        2  a preset, goal or hardware file is unknown or malformed
    ├── ModelError             3  the model cannot be read
    │   ├── GgufError          3  the container: not a GGUF, truncated, hostile, a shard missing
    │   └── ModelFactsError    3  a sound container that does not describe a language model we can plan
    ├── EngineError            4  llama.cpp could not answer
    │   ├── EngineMissing      4  no llama-cpp-python, or its library does not load
    │   ├── EngineUnfit        4  there is one, but not one whose answers can be trusted
    │   ├── EngineRefused      4  it answered no, with a reason
    │   ├── EngineDied         4  the child process was killed, aborted or crashed
    │   └── EngineTimeout      4  the child process did not answer in time
    ├── ProbeFailed            5  a proof ended without a result
    ├── OutputError            1  an answer could not be written where it was wanted
    └── Cancelled            130  the user said stop; never shown as an error
"""

from __future__ import annotations


class AdvisorError(Exception):
    """An expected failure: a sentence, what to do next, a code for machines.

    `message` and `hint` are complete sentences for a person. `code` names the cause in kebab-case and
    is part of the JSON contract; `exit_code` is the process's.
    """

    exit_code = 1
    default_code = "error"

    def __init__(self, message: str, *, hint: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        return self.message


class UsageError(AdvisorError):
    """What was asked cannot be."""

    exit_code = 2
    default_code = "usage"


class SettingsError(UsageError):
    """An option's value is impossible, or two options contradict each other. `option` names it."""

    default_code = "bad-setting"

    def __init__(self, option: str, reason: str, *, hint: str) -> None:
        super().__init__(f"{option}: {reason}", hint=hint)
        self.option = option


class PresetError(UsageError):
    """A preset, goal or hardware file is unknown or malformed."""

    default_code = "bad-preset"


class ModelError(AdvisorError):
    """The model cannot be read."""

    exit_code = 3
    default_code = "model-unreadable"


class GgufError(ModelError):
    """The container cannot be read: the only thing that `advisor.gguf` raises."""

    default_code = "gguf-unreadable"


class ModelFactsError(ModelError):
    """The container is sound, but does not describe a language model that can be planned."""

    default_code = "model-not-understood"


class EngineError(AdvisorError):
    """llama.cpp could not answer."""

    exit_code = 4
    default_code = "engine"


class EngineMissing(EngineError):
    """There is no llama-cpp-python, or its native library does not load."""

    default_code = "engine-missing"


class EngineUnfit(EngineError):
    """There is an engine, but its structures are not those that we know: its answers are not safe."""

    default_code = "engine-unfit"


class EngineRefused(EngineError):
    """The engine answered no, and said why."""

    default_code = "engine-refused"


class EngineDied(EngineError):
    """The child process was killed, aborted or crashed while answering."""

    default_code = "engine-died"


class EngineTimeout(EngineError):
    """The child process did not answer in time and was killed."""

    default_code = "engine-timeout"


class ProbeFailed(AdvisorError):
    """A proof ended before anything was proved: stopped by its time limit, or nothing could be loaded."""

    exit_code = 5
    default_code = "probe-failed"


class OutputError(AdvisorError):
    """An answer could not be written where it was wanted."""

    default_code = "output"


class Cancelled(AdvisorError):
    """The user said stop. Never shown as an error."""

    exit_code = 130
    default_code = "cancelled"

    def __init__(self) -> None:
        super().__init__("Stopped.", hint="Nothing was changed.")
