"""Why the recommendation is what it is, in words and in values: the one place where they are written."""

from advisor.recommend.reasons.bound import bound_reasons, keeps_cache
from advisor.recommend.reasons.patience import patience_reasons
from advisor.recommend.reasons.places import above_training, place_reasons
from advisor.recommend.reasons.quantizing import quantizing_reasons
from advisor.recommend.reasons.speed import slot_reasons, speed_reasons
from advisor.recommend.reasons.spelling import cache_name, format_rate, with_article

__all__ = [
    "above_training",
    "bound_reasons",
    "cache_name",
    "format_rate",
    "keeps_cache",
    "patience_reasons",
    "place_reasons",
    "quantizing_reasons",
    "slot_reasons",
    "speed_reasons",
    "with_article",
]
