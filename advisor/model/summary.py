"""What a model's attention means for its memory, in plain sentences (`inspect`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from advisor.basis import Note
from advisor.model import architectures
from advisor.model.facts import ModelFacts
from advisor.model.layer_counts import LayerCounts, count_layers
from advisor.units import format_bytes, format_tokens


@dataclass(frozen=True, slots=True)
class AttentionSummary:
    """The numbers, and sentences that each can stand alone."""

    counts: LayerCounts
    notes: tuple[Note, ...]


def summary(facts: ModelFacts) -> AttentionSummary:
    """Counts and sentences for one model, the most telling first."""
    counts = count_layers(facts)
    kept = _kept(counts) if facts.has_cache else _nothing_kept(facts)
    return AttentionSummary(counts, (*kept, *_limits(facts, counts)))


def _nothing_kept(facts: ModelFacts) -> Iterator[Note]:
    what = "An embedding model" if facts.is_encoder else "This kind of model"
    yield Note("no-cache", f"{what} keeps nothing between calls: it has no KV cache.")


def _kept(counts: LayerCounts) -> Iterator[Note]:
    yield from _heads(counts)
    if counts.n_latent:
        yield Note(
            "latent",
            f"{_layers(counts.n_latent, counts)} one compressed key for all heads (MLA): it serves as value, "
            "too.",
        )
    if counts.n_windowed:
        yield Note("windowed", _windowed(counts))
    if counts.n_compressed:
        yield Note("compressed", f"{_layers(counts.n_compressed, counts)} several tokens in one key.")
    if counts.n_shared:
        reads, takes = ("reads", "takes") if counts.n_shared == 1 else ("read", "take")
        yield Note(
            "shared",
            f"{counts.n_shared} of {counts.n_layer} layers {reads} the cache of another layer and {takes} "
            "none.",
        )
    if counts.n_indexed:
        yield Note(
            "indexed", f"{_layers(counts.n_indexed, counts)} an extra key for each token, to select by."
        )
    if counts.n_recurrent:
        yield Note("recurrent", _recurrent(counts))
    if counts.f16_bytes_per_token:
        size = format_bytes(round(counts.f16_bytes_per_token))
        yield Note("growth", f"Each further token of context takes {size} of KV cache at f16.")
    else:
        yield Note("no-growth", "Beyond its fixed part, memory does not grow with the context.")


def _heads(counts: LayerCounts) -> Iterator[Note]:
    if counts.n_attention == counts.n_latent:
        return
    factor = f"{counts.sharing_factor:.1f}".removesuffix(".0")
    if len(counts.head_counts) > 1:
        fewest, most = (pick(kv for _, kv in counts.head_counts) for pick in (min, max))
        if counts.sharing_factor > 1:
            yield Note(
                "grouped-heads",
                f"The layers keep {fewest} to {most} heads in the cache: {factor} times less than full "
                "attention."
                if fewest < most
                else f"The layers keep {most} heads in the cache: {factor} times less than full attention.",
            )
        return
    heads, heads_kv = counts.head_counts[0]
    if heads_kv == heads:
        yield Note("all-heads", f"All {heads} heads keep a cache: full attention, the dearest kind.")
        return
    verb = "keeps" if heads_kv == 1 else "keep"
    yield Note(
        "grouped-heads",
        f"{heads_kv} of {heads} heads {verb} a cache: {factor} times less than full attention.",
    )


def _windowed(counts: LayerCounts) -> str:
    windows = " or ".join(format_tokens(w) for w in counts.windows)
    verb, pronoun = ("looks", "its") if counts.n_windowed == 1 else ("look", "their")
    return (
        f"{counts.n_windowed} of {counts.n_layer} layers {verb} back {windows} tokens only: {pronoun} cache "
        "stops growing there."
    )


def _recurrent(counts: LayerCounts) -> str:
    verb = "is" if counts.n_recurrent == 1 else "are"
    return (
        f"{counts.n_recurrent} of {counts.n_layer} layers {verb} recurrent: a state of fixed size, "
        f"{format_bytes(counts.state_bytes)} in all for each sequence, instead of a cache that grows."
    )


def _layers(n: int, counts: LayerCounts) -> str:
    """ "27 of 27 layers keep": a subject with its verb."""
    return f"{n} of {counts.n_layer} layers {'keeps' if n == 1 else 'keep'}"


def _limits(facts: ModelFacts, counts: LayerCounts) -> Iterator[Note]:
    if facts.n_position_rows:
        rows = format_tokens(facts.n_position_rows)
        yield Note("position-table", f"The model has learned {rows} positions: a larger context cannot work.")
    if not facts.supports_flash_attn:
        yield Note("no-flash-attention", "llama.cpp runs this architecture without flash attention.")
    if facts.architecture in architectures.DRAFTS:
        yield Note(
            "draft",
            "This is a draft model: it works only beside the model that it was made for, which holds part of "
            "its memory.",
        )
    elif not facts.verified:
        yield Note(
            "unverified",
            f'Our rules for the architecture "{facts.architecture}" were not compared with llama.cpp: trust '
            "the engine's numbers, if there are any.",
        )
    elif counts.n_prediction and facts.architecture != "graniteswitch":
        predicts, loaded = ("predicts", "is") if counts.n_prediction == 1 else ("predict", "are")
        yield Note(
            "prediction-blocks",
            f"{counts.n_prediction} of the file's {facts.n_layer_all} blocks {predicts} several tokens ahead "
            f"and {loaded} not loaded.",
        )
