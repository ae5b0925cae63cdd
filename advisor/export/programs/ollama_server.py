"""Where the settings of Ollama's server are made: systemd, macOS, Windows, Docker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from advisor.export.quoting import check_text, command_line, quoted

SYSTEMD_FILE = "override.conf"


def systemd_drop_in(environment: Mapping[str, str], comment: str) -> str:
    """The text for `systemctl edit ollama.service`; systemd reads % as the start of a specifier."""
    return "\n".join([f"# {comment}", "[Service]", *_systemd_lines(environment)]) + "\n"


def _systemd_lines(environment: Mapping[str, str]) -> list[str]:
    """systemd.exec(5), systemd.syntax(7): backslash escapes and % specifiers are read within the quotes."""
    return [f'Environment="{name}={_systemd_value(value)}"' for name, value in environment.items()]


def _systemd_value(value: str) -> str:
    check_text(value)
    return re.sub(r'(["\\])', r"\\\1", value).replace("%", "%%")


def how_to_set(environment: Mapping[str, str]) -> Iterator[str]:
    """One line for each way that Ollama is commonly run. Raises UsageError for what a shell cannot carry."""
    pairs = list(environment.items())
    lines = " and ".join(_systemd_lines(environment))
    yield (
        "Linux service: sudo systemctl edit ollama.service, write [Service] and below it, each in a line, "
        f"{lines}, then sudo systemctl daemon-reload && sudo systemctl restart ollama"
    )
    macos = "; ".join(command_line(("launchctl", "setenv", *pair), "sh") for pair in pairs)
    yield f"macOS app: {macos} (until the next restart of the computer), then quit Ollama and open it again."
    windows = " & ".join(command_line(("setx", *pair), "cmd") for pair in pairs)
    yield f"Windows: {windows} (in cmd), then quit Ollama in the tray and start it again."
    said = [f"{name}={quoted(value, 'sh')}" for name, value in pairs]
    yield f"Docker: docker run {' '.join(f'-e {it}' for it in said)} ... with the options you use now."
    yield f"By hand on Linux and macOS: {' '.join(said)} ollama serve"
