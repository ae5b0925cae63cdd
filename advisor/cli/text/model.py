"""A model as text: what its file is, what its layers keep, and what each further token takes."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from advisor.cli.text.console import plain
from advisor.cli.text.lines import model_line
from advisor.memory.kv_cache import bytes_per_token
from advisor.model import AttentionSummary, ModelFacts
from advisor.settings.load_settings import CACHE_TYPES
from advisor.units import format_bytes


def print_model(console: Console, facts: ModelFacts, attention: AttentionSummary) -> None:
    console.print(model_line(facts))
    console.print()
    weights, file = format_bytes(facts.weights_bytes), format_bytes(facts.file_bytes)
    parts = f", in {len(facts.shards)} files" if len(facts.shards) > 1 else ""
    console.print(Text(f"  weights {weights} of {file} on disk{parts}"))
    for note in attention.notes:
        console.print(Text(f"  {plain(note.text)}"))
    per_token = {name: bytes_per_token(facts, name) for name in CACHE_TYPES}
    if any(per_token.values()):
        console.print()
        console.print(Text("KV cache for each further token", "bold"))
        for cache_type, n_bytes in per_token.items():
            size = "not with this model's head size" if n_bytes is None else format_bytes(n_bytes)
            console.print(Text(f"  {cache_type:7} {size}"))
