"""Which programs an export is offered for, in which order, and what is said of them in words."""

from __future__ import annotations

import re

from advisor.errors import AdvisorError
from advisor.export.applying import APPLICABLE
from advisor.export.choices import TARGETS, Flavour, Shell
from advisor.export.loaded import ADDRESSES, ASKABLE
from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

MAIN = ("ollama", "llama-server", "lm-studio", "llama-cpp-python", "koboldcpp")

_TO = re.compile(r"--to ([a-z-]+)")


def groups(own: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Titles with programs: the one that the shown settings are made for, the main ones, the rest."""
    main = tuple(name for name in MAIN if name != own)
    more = tuple(name for name in TARGETS if name not in {own, *MAIN})
    return (
        (translate("export", "This answer is for"), (own,) if own in TARGETS else ()),
        (translate("export", "Main programs"), main),
        (translate("export", "More programs"), more),
    )


def target_words(program: str) -> str:
    """What it is called."""
    return TARGETS[program].title if program in TARGETS else program


def flavour_words(flavour: Flavour) -> str:
    return {
        "pinned": translate("export", "Pinned: exactly these settings"),
        "adjustable": translate("export", "Adjustable: it places the layers"),
    }[flavour]


def shell_words(shell: Shell) -> str:
    return {"sh": "sh, bash, zsh", "powershell": "PowerShell", "cmd": "cmd"}[shell]


def is_applicable(program: str) -> bool:
    """Whether it keeps a file that can be written in place."""
    return program in APPLICABLE


def address_of(program: str) -> str:
    """Where it usually listens on this computer, empty for what cannot be asked what it has loaded."""
    return ADDRESSES[TARGETS[program].profile] if program in ASKABLE else ""


def in_the_window(text: str) -> str:
    """A sentence of the export without the command line's own words."""
    text = _TO.sub(lambda found: target_words(found[1]), text)
    text = text.replace("--flavour adjustable", translate("export", "the adjustable flavour"))
    text = text.replace("--flavour pinned", translate("export", "the pinned flavour"))
    return text.replace(" (--name)", "").removeprefix("--apply: ").removeprefix("--check: ")


def what_to_do(error: AdvisorError) -> str:
    """The hint of an error, where the command line's options are not what helps here."""
    hints = {
        "no-server": translate(
            "export", "Start it and load the model there, or write the address that it listens at."
        ),
        "another-model": translate("export", "Choose another file, or a new name."),
        "not-in-lm-studio": translate(
            "export", "Bring the file in with lms import, then open it here from LM Studio\u2019s folder."
        ),
    }
    return hints.get(error.code) or in_the_window(error.hint)
