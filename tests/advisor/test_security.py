"""What SECURITY.md promises about our own source: no shell, nothing executed, the network behind doors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("advisor", "ui", "packaging")
FILES = [file for place in PLACES for file in sorted((ROOT / place).rglob("*.py"))]

# Who may speak to the network, and with whom.
NETWORK = {
    "advisor/gguf/transport.py": {"socket", "ssl", "urllib.error", "urllib.request", "http.client"},
    "advisor/export/local_server.py": {"http.client", "socket"},  # a runtime on this computer, with --check
    "ui/app.py": {"socket"},  # a pair of its own, which wakes the window for a signal
}
NETWORK_MODULES = {
    *("socket", "ssl", "http", "urllib.request", "urllib.error", "ftplib", "smtplib", "xmlrpc", "telnetlib"),
    *(
        "asyncio",
        "requests",
        "httpx",
        "aiohttp",
        "websockets",
        "huggingface_hub",
        "socketserver",
        "webbrowser",
    ),
    *("PySide6.QtNetwork", "PySide6.QtWebSockets", "PySide6.QtWebEngineCore", "PySide6.QtWebEngineWidgets"),
}
# What runs text, or makes objects of bytes.
EXECUTING = {"eval", "exec", "compile", "__import__"}
EXECUTING_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jinja2", "yaml"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn"}


def named(node: ast.AST) -> str:
    """A dotted name as it is written: "os.system"."""
    if isinstance(node, ast.Attribute):
        return f"{named(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def objections(tree: ast.AST) -> Iterator[str]:
    """Calls that start a shell or run text."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if named(node.func) in SHELLS | EXECUTING:
            yield named(node.func)
        for keyword in node.keywords:
            is_off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg == "shell" and named(node.func).startswith("subprocess.") and not is_off:
                yield "shell="


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def among(modules: Iterator[str], banned: set[str]) -> set[str]:
    """Those of `modules` that are banned, or lie within what is."""
    return {name for module in modules for name in banned if module == name or module.startswith(f"{name}.")}


@cache
def tree_of(file: Path) -> ast.AST:
    return ast.parse(file.read_text(encoding="utf-8"))


def test_no_shell_is_used_and_no_text_is_run() -> None:
    found = {str(file.relative_to(ROOT)): [*objections(tree_of(file))] for file in FILES}
    assert {name: what for name, what in found.items() if what} == {}


def test_nothing_is_unpickled_or_rendered() -> None:
    found = {str(f.relative_to(ROOT)): among(imported(tree_of(f)), EXECUTING_MODULES) for f in FILES}
    assert {name: what for name, what in found.items() if what} == {}


def test_the_network_is_behind_its_doors() -> None:
    allowed = {name: {module.partition(".")[0] for module in modules} for name, modules in NETWORK.items()}
    for file in FILES:
        name = str(file.relative_to(ROOT).as_posix())
        used = {module.partition(".")[0] for module in among(imported(tree_of(file)), NETWORK_MODULES)}
        assert used <= allowed.get(name, set()), name


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.system('ls')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import subprocess\nsubprocess.Popen('ls', shell=is_windows)",
        "eval('1')",
        "import os\nwith os.popen('ls') as f: pass",
    ],
)
def test_what_would_break_a_promise_is_found(source: str) -> None:
    assert [*objections(ast.parse(source))]


@pytest.mark.parametrize(
    "source",
    ["import urllib.request", "from urllib import request", "import http.client as h", "import socket"],
)
def test_a_new_way_to_the_network_is_found(source: str) -> None:
    assert among(imported(ast.parse(source)), NETWORK_MODULES)
