"""The worker must run without the rest of the program, under the oldest Python that it supports."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from advisor.engine.launch import WORKER

MODULES = sorted(WORKER.glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_imports_only_its_own_kind(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            roots = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1
            roots = [] if node.level else [(node.module or "").split(".")[0]]
        else:
            continue
        assert set(roots) <= sys.stdlib_module_names


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_written_for_python_3_9(module: Path) -> None:
    tree = ast.parse(module.read_text(), feature_version=(3, 9))
    has_unions = any(
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) for node in ast.walk(tree)
    )
    postponed = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in ast.walk(tree)
    )
    assert postponed or not has_unions


def test_the_start_parses_everywhere() -> None:
    ast.parse((WORKER / "__main__.py").read_text(), feature_version=(3, 4))


def test_no_module_hides_one_that_is_imported_by_name() -> None:
    names = {path.stem for path in MODULES}
    assert not names & (set(sys.stdlib_module_names) | {"llama_cpp", "numpy", "typing_extensions"})
