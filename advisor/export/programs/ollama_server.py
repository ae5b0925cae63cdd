"""Where the settings of Ollama's server are made: systemd, macOS, Windows, Docker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

SYSTEMD_FILE = "override.conf"


def systemd_drop_in(environment: Mapping[str, str], comment: str) -> str:
    """The text for `systemctl edit ollama.service`; systemd reads % as the start of a specifier."""
    lines = [f'Environment="{name}={value}"'.replace("%", "%%") for name, value in environment.items()]
    return "\n".join([f"# {comment}", "[Service]", *lines]) + "\n"


def how_to_set(environment: Mapping[str, str]) -> Iterator[str]:
    """One line for each way that Ollama is commonly run."""
    pairs = list(environment.items())
    yield (
        f"Linux service: sudo systemctl edit ollama.service, put in the text of {SYSTEMD_FILE}, then "
        "sudo systemctl daemon-reload && sudo systemctl restart ollama"
    )
    macos = "; ".join(f"launchctl setenv {name} {value}" for name, value in pairs)
    yield f"macOS app: {macos} (until the next restart of the computer), then quit Ollama and open it again."
    windows = " & ".join(f"setx {name} {value}" for name, value in pairs)
    yield f"Windows: {windows} (in cmd), then quit Ollama in the tray and start it again."
    docker = " ".join(f"-e {name}={value}" for name, value in pairs)
    yield f"Docker: docker run {docker} ... with the options you use now."
    shell = " ".join(f"{name}={value}" for name, value in pairs)
    yield f"By hand: {shell} ollama serve"
