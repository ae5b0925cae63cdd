"""No module of the window needs another that needs it, not even for its types."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.advisor.test_walls import imported, module_name

ROOT = Path(__file__).resolve().parents[2]


def needs(root: Path) -> dict[str, set[str]]:
    """By module of the window, which others it imports anywhere."""
    files = {module_name(root, file): file for file in (root / "ui").rglob("*.py")}
    found: dict[str, set[str]] = {}
    for module, file in files.items():
        found[module] = set()
        for name in imported(root, file):
            other = name if name in files else name.rpartition(".")[0]  # the module of a class or function
            if other in files and other not in {"ui", module}:
                found[module].add(other)
    return found


def test_there_is_an_order_in_which_each_comes_after_what_it_needs() -> None:
    order = list(TopologicalSorter(needs(ROOT)).static_order())
    assert order.index("ui.session.state") < order.index("ui.session.session")


def test_a_circle_is_found(tmp_path: Path) -> None:
    for name, text in {
        "a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ui.b import B\n",
        "b.py": "from ui.a import A\n",
    }.items():
        file = tmp_path / "ui" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    with pytest.raises(CycleError):
        list(TopologicalSorter(needs(tmp_path)).static_order())
