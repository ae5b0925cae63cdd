"""Words for the pieces of a memory bar."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ui.charts.memory_layout import Part

translate = QCoreApplication.translate


def part_words(part: Part) -> str:
    return {
        Part.WEIGHTS: translate("part_words", "Weights"),
        Part.COMPANIONS: translate("part_words", "Beside the model"),
        Part.KV_PROMPT: translate("part_words", "KV: prompt"),
        Part.KV_GROW: translate("part_words", "KV: room to grow"),
        Part.KV_CACHE: translate("part_words", "KV cache"),
        Part.RECURRENT_STATE: translate("part_words", "Recurrent state"),
        Part.COMPUTE: translate("part_words", "Compute"),
        Part.OUTPUT: translate("part_words", "Output"),
        Part.OVERHEAD: translate("part_words", "Overhead"),
        Part.OTHERS: translate("part_words", "Other programs"),
        Part.RESERVE: translate("part_words", "Reserve"),
        Part.FREE: translate("part_words", "Headroom"),
        Part.USABLE: translate("part_words", "Usable"),
    }[part]


def part_explained(part: Part) -> str:
    """What a piece of the memory bar is for, in one line."""
    return {
        Part.WEIGHTS: translate("part_words", "the model itself"),
        Part.COMPANIONS: translate("part_words", "what is loaded with it: a projector, a draft model"),
        Part.KV_CACHE: translate(
            "part_words", "what attention remembers of every token; grows with the context"
        ),
        Part.KV_PROMPT: translate("part_words", "the share of the KV cache that your prompt fills"),
        Part.KV_GROW: translate("part_words", "reserved at load for the answer and what follows"),
        Part.RECURRENT_STATE: translate(
            "part_words", "what recurrent layers remember; the same at any context"
        ),
        Part.COMPUTE: translate("part_words", "scratch space for the calculation"),
        Part.OUTPUT: translate("part_words", "the scores of the next token"),
        Part.OVERHEAD: translate("part_words", "what the runtime and driver take beside the buffers"),
        Part.OTHERS: translate("part_words", "held by the system and other programs now"),
        Part.RESERVE: translate("part_words", "kept free so that the computer stays responsive"),
        Part.FREE: translate("part_words", "free for more context"),
        Part.USABLE: translate("part_words", "what a model may take now"),
    }[part]
