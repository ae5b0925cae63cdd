"""What do I need? The parts of a prompt, its tokens, and whether a recommended context holds them."""

from advisor.recommend.need.answer import (
    DEFAULT_ANSWER_TOKENS,
    TEMPLATE_TOKENS,
    Need,
    NeedAnswer,
    Part,
    answered,
    characters_part,
    estimated_tokens,
    in_words,
    pages_part,
    requested,
)
from advisor.recommend.need.file_part import file_part

__all__ = [
    "DEFAULT_ANSWER_TOKENS",
    "TEMPLATE_TOKENS",
    "Need",
    "NeedAnswer",
    "Part",
    "answered",
    "characters_part",
    "estimated_tokens",
    "file_part",
    "in_words",
    "pages_part",
    "requested",
]
