"""The Learn panel's sentences: a term as a page with links, and the shown model's numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from advisor.memory.kv_cache import BLOCKS
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.terms import Term
from advisor.units import format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication

from ui.learn.numbers import Pile, RowGroup, layers_without_cache, row_groups

translate = QCoreApplication.translate


def term_page(term: Term, terms: Mapping[str, Term], own: str = "") -> str:
    """A term as HTML, with its relatives as links to their names. `own`: what it is for the shown model."""
    page = f"<h3>{escape(term.title)}</h3><p>{escape(term.short)}</p>"
    if own:
        page += f"<p><i>{escape(own)}</i></p>"
    page += "".join(f"<p>{escape(text)}</p>" for text in term.text)
    if term.see:
        links = " \u00b7 ".join(f'<a href="{name}">{escape(terms[name].title)}</a>' for name in term.see)
        page += f"<p>{escape(translate('learn', 'See also:'))} {links}</p>"
    return page


def matches(term: Term, wanted: str) -> bool:
    """Whether a search for `wanted` finds the term: by any of its names, or in its first sentence."""
    words = " ".join((term.name, term.title, *term.words, term.short)).casefold()
    return all(word in words for word in wanted.casefold().split())


def row_sums(facts: ModelFacts, settings: LoadSettings) -> tuple[str, ...]:
    """What a token takes in the cache, as a sum of the model's own figures: a line for each kind of layer."""
    groups = row_groups(facts, settings)
    lines = [_sum(group, settings) for group in groups]
    without = layers_without_cache(facts)
    if groups and without:
        lines.append(translate("learn", "layers that keep no row for a token: {n}").format(n=without))
    return tuple(lines)


def pile_sentences(pile: Pile) -> tuple[str, ...]:
    """What the drawing shows."""
    prompt = (
        translate("learn", "For example: a prompt of {prompt} tokens and an answer of {answer}.")
        if pile.is_example
        else translate("learn", "Your prompt of {prompt} tokens and an answer of {answer}.")
    )
    prompt = prompt.format(prompt=format_tokens(pile.n_prompt), answer=format_tokens(pile.n_answer))
    free = translate("learn", "{n} tokens stay free for what follows.").format(n=format_tokens(pile.n_free))
    if not pile.kv_bytes:
        return prompt, free, translate("learn", "This model reserves no KV cache.")
    kept = translate(
        "learn",
        "Loading the model reserves all {size} of the KV cache, filled or not. The chat then fills it, "
        "so far {used}, without taking more memory; a new chat gives nothing back.",
    ).format(size=format_bytes(pile.kv_bytes), used=format_bytes(pile.filled_bytes))
    return prompt, free, kept


def _sum(group: RowGroup, settings: LoadSettings) -> str:
    it = group.attention
    k, v = _element(settings.cache_type_k), _element(settings.cache_type_v)
    if it.keys_only:
        line = translate(
            "learn", "{layers} layers \u00d7 {row} \u00d7 {k} bytes (one row for K and V)"
        ).format(layers=group.n_layers, row=it.key_length * it.head_count_kv, k=k)
    elif it.key_length == it.value_length and settings.cache_type_k == settings.cache_type_v:
        line = translate(
            "learn", "2 \u00d7 {layers} layers \u00d7 {heads} KV heads \u00d7 {size} \u00d7 {k} bytes"
        ).format(layers=group.n_layers, heads=it.head_count_kv, size=it.key_length, k=k)
    else:
        line = translate(
            "learn",
            "{layers} layers \u00d7 {heads} KV heads \u00d7 "
            "({size_k} \u00d7 {k} + {size_v} \u00d7 {v} bytes)",
        ).format(
            layers=group.n_layers,
            heads=it.head_count_kv,
            size_k=it.key_length,
            k=k,
            size_v=it.value_length,
            v=v,
        )
    line += translate("learn", " = {n} bytes a token").format(n=f"{group.token_bytes:,}")
    if it.window and not settings.swa_full:
        line += translate("learn", ", with room for {cells} tokens: a window of {window}").format(
            cells=format_tokens(group.n_cells), window=format_tokens(it.window)
        )
    return line


def _element(cache_type: str) -> str:
    """Bytes of one element: "2", or "1.0625" for q8_0."""
    block = BLOCKS[cache_type]
    return f"{block.block_bytes / block.block_elements:g}"
