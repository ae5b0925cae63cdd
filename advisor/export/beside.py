"""What is loaded beside the model, for runtimes that have no words for it."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.export.export import Cannot, Load


def not_said(load: Load, title: str, *, but: frozenset[str] = frozenset()) -> Iterator[Cannot]:
    """Each companion that the plan counted and the export leaves out; `but` names options it has."""
    beside = load.companions
    there = {
        "--mmproj": beside.projector,
        "--model-draft": beside.draft,
        "--lora": beside.adapters,
    }
    for option, companion in there.items():
        if companion and option not in but:
            yield Cannot(option, f"It is not written here for {title}: the plan counts more than is loaded.")
