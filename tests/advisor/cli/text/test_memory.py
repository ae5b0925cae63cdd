"""The memory table: every device readable in 80 columns, however many there are."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from advisor.basis import Basis
from advisor.cli.main import main
from advisor.cli.text.memory import print_memory_lines
from advisor.hardware.device import Hardware
from advisor.memory.plan import Buffers, MemoryPlan
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support.planning import LinearPlanner, a_model, ram


@pytest.mark.parametrize("n_gpus", [1, 2, 3, 5])
def test_every_figure_is_whole_in_80_columns(
    n_gpus: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = ["RTX 3090", "RTX 3090", "RTX PRO 6000 Blackwell", "RTX 4090", "RTX 4060 Ti 16GB"][:n_gpus]
    gpus = [word for name in names for word in ("--gpu", name)]
    asked = ["plan", "preset:llama-3.3-70b", "--basis", "formula", "--ram", "64GiB", "-c", "4096"]
    assert main([*asked, *gpus]) in (0, 1)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    totals = [line for line in out.splitlines() if line.startswith("  total ")]
    assert sum(line.count("iB") for line in totals) == n_gpus + 1
    if n_gpus > 1:
        assert "(CUDA0)" in out  # two cards of one name


@pytest.mark.parametrize("n_gpus", [1, 3])
def test_the_page_has_a_row_for_each_device_in_80_columns(
    n_gpus: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    gpus = [word for name in ["RTX 3090", "RTX 3090", "RTX 4090"][:n_gpus] for word in ("--gpu", name)]
    main(["recommend", "preset:llama-3.3-70b", "--basis", "formula", "--ram", "64GiB", *gpus])
    lines = capsys.readouterr().out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Memory "))
    assert lines[start].split() == ["Memory", "weights", "KV", "cache", "rest", "total", "usable"]
    rows = lines[start + 1 : start + 2 + n_gpus]
    assert all(row.count("iB") >= 4 and len(row) <= 80 for row in rows)
    assert "RAM" in rows[-1]
    assert ("(CUDA1)" in "".join(rows)) == (n_gpus > 1)  # two cards of one name
    said = "by formula, from the file's header; rest: compute, output, overhead (assumed)"
    assert lines[start + 2 + n_gpus].strip() == said


def plan_of(*buffers: Buffers) -> MemoryPlan:
    planner = LinearPlanner(a_model(), Hardware((ram(8 * GiB),)))
    plan = planner.estimate(LoadSettings(n_ctx=4096))
    (line,) = plan.memory
    return replace(plan, memory=tuple(replace(line, buffers=it) for it in buffers))


def rows_of(plan: MemoryPlan) -> list[str]:
    out = StringIO()
    print_memory_lines(Console(width=100, file=out), plan)
    return out.getvalue().splitlines()[1:]


def test_a_state_that_does_not_grow_is_called_so() -> None:
    both = Buffers("CPU", kv_cache_bytes=MiB, recurrent_state_bytes=MiB)
    assert "  KV + state  " in rows_of(plan_of(both))[0]
    assert "  state  " in rows_of(plan_of(replace(both, kv_cache_bytes=0)))[0]
    assert "  KV cache  " in rows_of(plan_of(Buffers("CPU")))[0]


def test_the_parts_are_the_total() -> None:
    plan = plan_of(Buffers("CPU", 3 * GiB, 2 * GiB, compute_bytes=GiB, output_bytes=GiB))
    plan = replace(plan, memory=(replace(plan.memory[0], overhead_bytes=GiB),))
    figures = rows_of(plan)[1].partition("RAM")[2].split()
    assert " ".join(figures).endswith("3.0 GiB 2.0 GiB 3.0 GiB 8.0 GiB 8.0 GiB")


def test_who_says_so_is_said_of_the_overhead_apart() -> None:
    plan = plan_of(Buffers("CPU"))
    said = "by formula, from the file's header; rest: compute, output, overhead"
    assert rows_of(plan)[-1].strip() == said
    lines = (Basis.ASSUMED, Basis.MEASURED, Basis.ASSUMED)
    memory = tuple(replace(plan.memory[0], basis={"overhead": basis}) for basis in lines)
    assert rows_of(replace(plan, memory=memory))[-1].strip() == f"{said} (assumed and measured)"
