"""Plays pip, and the check of the engine after it, in the tests of the set-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from environment.console import Finished

# What the check says of a working engine.
CPU = 'CHECK {"version": "0.3.36", "backends": ["base", "cpu"], "offload": false}'
CUDA = 'CHECK {"version": "0.3.36", "backends": ["base", "cpu", "cuda"], "offload": true}'


class Pip:
    """A runner that answers by a word in the command, the last answer again and again; else with success."""

    def __init__(self, answers: Mapping[str, Sequence[Finished]]) -> None:
        self._answers = {word: list(given) for word, given in answers.items()}
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str], additions: Mapping[str, str]) -> Finished:
        spoken = " ".join([*(f"{name}={value}" for name, value in additions.items()), *command])
        self.commands.append(spoken)
        for word, given in self._answers.items():
            if word in spoken:
                return given.pop(0) if len(given) > 1 else given[0]
        return Finished(0, "")
