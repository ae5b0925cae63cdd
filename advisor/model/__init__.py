"""What a GGUF header means: `ModelFacts`, and sentences about its attention."""

from advisor.model.build import facts
from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence, Role, Weight
from advisor.model.read import read_model
from advisor.model.summary import AttentionSummary, summary

__all__ = [
    "Attention",
    "AttentionSummary",
    "Layer",
    "ModelFacts",
    "Recurrence",
    "Role",
    "Weight",
    "facts",
    "read_model",
    "summary",
]
