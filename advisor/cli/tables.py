"""The answers as text for people: headline first, then the memory, then what else there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from advisor.basis import Basis, Note
from advisor.cli.answer import plain
from advisor.hardware.doctor.report import Line, LineKind
from advisor.memory.plan import CompanionKind, DeviceMemory, MemoryPlan, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.programs.other_runtimes import OtherRuntime
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_tokens

BASIS_WORDS = {
    Basis.ENGINE: "exact, asked from llama.cpp",
    Basis.ENGINE_LOG: "asked from llama.cpp, read from its log to 0.01 MiB",
    Basis.FORMULA: "by formula, from the file's header",
    Basis.ASSUMED: "assumed",
    Basis.MEASURED: "measured on this machine",
}

VERDICT_WORDS = {
    Verdict.FITS: ("fits", "green"),
    Verdict.TIGHT: ("tight: it uses the memory that was kept in reserve", "yellow"),
    Verdict.PAGES_FROM_DISK: ("runs, but pages its weights from disk: slow", "yellow"),
    Verdict.CLOSE_OTHER_APPS: ("fits only after closing other programs", "yellow"),
    Verdict.NEEDS_OFFLOAD: ("does not fit on the GPU; fits with some layers on the CPU", "yellow"),
    Verdict.DOES_NOT_FIT: ("does not fit", "red"),
    Verdict.UNKNOWN: ("not known: the driver does not tell how much memory is free", "yellow"),
}

COMPANION_WORDS = {
    CompanionKind.PROJECTOR: "projector",
    CompanionKind.DRAFT_MODEL: "draft model",
    CompanionKind.ADAPTER: "adapters",
    CompanionKind.PREDICTION: "prediction",
}

# What the widest figure takes, with the word for its basis: "1023.9 MiB  assumed  ".
_LABEL_WIDTH, _DEVICE_WIDTH = 17, 20

LINE_STYLES = {
    LineKind.QUIET: "dim",
    LineKind.NAME: "bold",
    LineKind.TEXT: "",
    LineKind.COMMAND: "bold",
    LineKind.ERROR: "red",
    LineKind.WARNING: "yellow",
    LineKind.INFO: "",
    LineKind.GOOD: "green",
}


def model_line(facts: ModelFacts) -> Text:
    """Name first, then on a line of its own what kind of model it is."""
    size = f"{facts.n_params / 1e9:.2f} B" if facts.n_params >= 1e9 else f"{facts.n_params / 1e6:.0f} M"
    rest = (
        facts.architecture,
        f"{size} parameters",
        facts.quantization,
        f"{facts.n_layer} layers",
        f"trained for {format_tokens(facts.n_ctx_train)} tokens",
    )
    kind = " · ".join(plain(part) for part in rest)
    return Text.assemble((plain(facts.name), "bold"), (f"\n  {kind}", "dim"))


def tokens_words(settings: LoadSettings) -> str:
    """ "8,192 tokens for each of 4 slots": what one user gets."""
    tokens = f"{format_tokens(settings.n_ctx_per_slot)} tokens"
    if settings.n_seq_max == 1:
        return tokens
    if settings.kv_unified:
        return f"{tokens} shared by {settings.n_seq_max} slots"
    return f"{tokens} for each of {settings.n_seq_max} slots ({format_tokens(settings.n_ctx)} in all)"


def print_memory(console: Console, plan: MemoryPlan) -> None:
    """The devices as columns, what their memory is for as rows; as many tables as the width asks for."""
    at_once = max(1, (console.width - _LABEL_WIDTH) // _DEVICE_WIDTH)
    for start in range(0, len(plan.memory), at_once):
        console.print()
        console.print(_memory_table(plan, plan.memory[start : start + at_once], console.width))
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


def beside(plan: MemoryPlan) -> str:
    """The plan's basis is the model's; its companions have their own."""
    return "; what is loaded beside the model as marked below" if plan.companions else ""


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


def print_plan(console: Console, facts: ModelFacts, plan: MemoryPlan, others: Iterable[OtherRuntime]) -> None:
    console.print(model_line(facts))
    console.print()
    words, colour = VERDICT_WORDS[plan.verdict]
    console.print(Text.assemble((f"{tokens_words(plan.settings)}: ", "bold"), (words, f"bold {colour}")))
    basis = f"{BASIS_WORDS[plan.basis]}, as {plan.settings.runtime} would load it"
    console.print(Text(f"  {basis}{beside(plan)}", "dim"))
    print_memory(console, plan)
    for later in plan.later:
        console.print(
            Text(f"  later, while it runs: {later.what}, up to {format_bytes(later.n_bytes)}", "dim")
        )
    _print_others(console, others)
    print_notes(console, plan.notes)


def _print_others(console: Console, others: Iterable[OtherRuntime]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("The same context elsewhere")
    table.add_column("memory", justify="right")
    table.add_column("because", style="dim", overflow="fold")
    for other in others:
        because = "; ".join(other.reasons) or "no difference"
        table.add_row(f"  {other.title}", format_bytes(other.plan.total_bytes), because)
    if table.row_count:
        console.print()
        console.print(table)


def print_lines(console: Console, lines: Iterable[Line]) -> None:
    """Lines of the doctor's report, in colour where the terminal has any."""
    for line in lines:
        # The terminal itself breaks long lines: a command stays one line when it is copied or redirected.
        # A group is left alone by the console, which would break the text to keep its indent.
        console.print(Group(Text(plain(line.text), LINE_STYLES[line.kind])), soft_wrap=True)


def print_rules(console: Console, text: str) -> None:
    """Whose rules filled in what was not said."""
    console.print()
    console.print(Text(text, "dim"))


def print_notes(console: Console, notes: Iterable[Note]) -> None:
    """Each note once, in order."""
    texts = dict.fromkeys(note.text for note in notes)
    if texts:
        console.print()
    for text in texts:
        console.print(Text(f"Note: {plain(text)}", "yellow"))
