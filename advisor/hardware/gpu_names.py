"""What the name of a GPU tells: its words, and by them its maker."""

from __future__ import annotations

import re

_VENDOR_WORDS = {
    "nvidia": ("nvidia", "geforce", "rtx", "gtx", "quadro", "tesla"),
    "amd": ("amd", "radeon", "instinct"),
    "intel": ("intel",),
    "apple": ("apple",),
}


def name_words(name: str) -> frozenset[str]:
    """A name's words in lower case: "NVIDIA GeForce RTX 4070 Ti" -> nvidia, geforce, rtx, 4070, ti."""
    return frozenset(re.findall(r"[a-z0-9]+", name.lower()))


def vendor_of_name(name: str) -> str:
    """The maker of a GPU by the words of its name, "" if they do not tell."""
    words = re.findall(r"[a-z]+", name.lower())
    return next((vendor for vendor, marks in _VENDOR_WORDS.items() if set(marks) & set(words)), "")
