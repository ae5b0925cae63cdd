"""The memory of a plan: the devices as columns, what it is for as rows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor.basis import Basis
from advisor.cli.text.console import plain
from advisor.cli.text.lines import BASIS_WORDS, beside
from advisor.memory.plan import CompanionKind, DeviceMemory, MemoryPlan
from advisor.units import format_bytes, format_tokens

COMPANION_WORDS = {
    CompanionKind.PROJECTOR: "projector",
    CompanionKind.DRAFT_MODEL: "draft model",
    CompanionKind.ADAPTER: "adapters",
    CompanionKind.PREDICTION: "prediction",
}

# What the widest figure takes, with the word for its basis: "1023.9 MiB  assumed  ".
_LABEL_WIDTH, _DEVICE_WIDTH = 17, 20


def print_memory_lines(console: Console, plan: MemoryPlan) -> None:
    """The devices as rows, with what is neither weights nor cache in one figure, and who says so."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Memory", overflow="fold")
    beside_it = ["beside it"] if plan.companions else []
    for name in ("weights", _cache_name(plan), *beside_it, "rest", "total", "usable"):
        table.add_column(name, justify="right", no_wrap=True)
    names = [line.device_name for line in plan.memory]
    for line in plan.memory:
        number = "" if names.count(line.device_name) == 1 else f" ({line.device})"
        kept = line.buffers.kv_cache_bytes + line.buffers.recurrent_state_bytes
        named = (line.buffers.weights_bytes, kept, *([line.companions_bytes] if beside_it else []))
        parts = (*named, line.total_bytes - sum(named))
        is_over = line.total_bytes > line.usable_bytes
        table.add_row(
            f"  {plain(line.device_name)}{number}",
            *(format_bytes(part) if part else "-" for part in parts),
            Text(format_bytes(line.total_bytes), "bold red" if is_over else "bold"),
            format_bytes(line.usable_bytes),
        )
    console.print()
    console.print(table)
    console.print(Text(f"  {_basis_line(plan)}", "dim"))
    _print_companions(console, plan)


def _cache_name(plan: MemoryPlan) -> str:
    """By what the layers keep of a conversation."""
    has_cache = any(line.buffers.kv_cache_bytes for line in plan.memory)
    has_state = any(line.buffers.recurrent_state_bytes for line in plan.memory)
    if has_state:
        return "KV + state" if has_cache else "state"
    return "KV cache"


def _basis_line(plan: MemoryPlan) -> str:
    """ "by formula, from the file's header; rest: compute, output, overhead (assumed)"."""
    of_overhead = dict.fromkeys(
        str(line.basis["overhead"]) for line in plan.memory if "overhead" in line.basis
    )
    said = f" ({' and '.join(of_overhead)})" if of_overhead else ""
    return f"{BASIS_WORDS[plan.basis]}; rest: compute, output, overhead{said}{beside(plan)}"


def print_memory(console: Console, plan: MemoryPlan) -> None:
    """The devices as columns, what their memory is for as rows; as many tables as the width asks for."""
    at_once = max(1, (console.width - _LABEL_WIDTH) // _DEVICE_WIDTH)
    for start in range(0, len(plan.memory), at_once):
        console.print()
        console.print(_memory_table(plan, plan.memory[start : start + at_once], console.width))
    _print_companions(console, plan)


def _print_companions(console: Console, plan: MemoryPlan) -> None:
    """Each file beside the model, where it lies and why there."""
    for it in plan.companions:
        words = f"  {plain(it.name)} on {it.device}: {format_bytes(it.n_bytes)}, {plain(it.reason)}"
        console.print(Text(words, "dim"))


def _memory_table(plan: MemoryPlan, devices: Sequence[DeviceMemory], width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column(f"Memory at {format_tokens(plan.settings.n_ctx)} tokens", min_width=_LABEL_WIDTH)
    names = [line.device_name for line in plan.memory]
    widest = max(9, (width - _LABEL_WIDTH) // len(devices) - 11)
    for line in devices:
        number = "" if names.count(line.device_name) == 1 else f" ({line.device})"
        name = f"{plain(line.device_name)}{number}"
        table.add_column(name, justify="right", overflow="fold", min_width=9, max_width=widest)
        table.add_column("", style="dim", no_wrap=True)
    for label, part in (
        ("weights", "weights"),
        ("KV cache", "kv_cache"),
        ("recurrent state", "recurrent_state"),
        ("compute", "compute"),
        ("output", "output"),
    ):
        if any(_part(line, part) for line in devices):
            cells = [cell for line in devices for cell in _cells(line, part)]
            table.add_row(f"  {label}", *cells)
    for kind, label in COMPANION_WORDS.items():
        if any(companion.kind is kind for companion in plan.companions):
            cells = [cell for line in devices for cell in _companion_cells(plan, kind, line.device)]
            table.add_row(f"  {label}", *cells)
    table.add_row("  overhead", *(cell for line in devices for cell in _cells(line, "overhead")))
    table.add_row(
        "  total", *(c for line in devices for c in (format_bytes(line.total_bytes), "")), style="bold"
    )
    table.add_row("  usable", *(c for line in devices for c in (format_bytes(line.usable_bytes), "")))
    headrooms = [line.usable_bytes - line.total_bytes for line in devices]
    table.add_row("  headroom", *(c for room in headrooms for c in (format_bytes(room), "")))
    return table


def _companion_cells(plan: MemoryPlan, kind: CompanionKind, device: str) -> tuple[str, str]:
    here = [it for it in plan.companions if it.kind is kind and it.device == device]
    if not here:
        return "-", ""
    least_sure = min((it.basis for it in here), key=list(Basis).index)
    return format_bytes(sum(it.n_bytes for it in here)), str(least_sure)


def _part(line: DeviceMemory, part: str) -> int:
    if part == "overhead":
        return line.overhead_bytes
    n_bytes: int = getattr(line.buffers, f"{part}_bytes")
    return n_bytes


def _cells(line: DeviceMemory, part: str) -> tuple[str, str]:
    n_bytes = _part(line, part)
    return (format_bytes(n_bytes), str(line.basis.get(part, ""))) if n_bytes else ("-", "")
