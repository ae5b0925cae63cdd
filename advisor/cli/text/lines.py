"""The lines that several answers have: the model, the tokens, who answered, notes, the doctor's report."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group
from rich.text import Text

from advisor.basis import Basis, Note
from advisor.cli.text.console import plain
from advisor.hardware.doctor.report import Line, LineKind
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_tokens

BASIS_WORDS = {
    Basis.ENGINE: "exact, asked from llama.cpp",
    Basis.ENGINE_LOG: "asked from llama.cpp, read from its log to 0.01 MiB",
    Basis.FORMULA: "by formula, from the file's header",
    Basis.ASSUMED: "assumed",
    Basis.MEASURED: "measured on this machine",
}

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


def beside(plan: MemoryPlan) -> str:
    """The plan's basis is the model's; its companions have their own."""
    return "; what is loaded beside the model as marked" if plan.companions else ""


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
