"""`make scenarios`: the stories that people tell about context and memory, each with the plan behind it.

Everything is asked on the command line, as a person would; the computers are made up.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from advisor.cli.main import main as context_advisor
from advisor.units import GiB


@dataclass(frozen=True, slots=True)
class Story:
    told: str
    words: tuple[str, ...]


CARD_24 = ("--gpu", "RTX 4090", "--ram", "64GiB")
CARD_32 = ("--gpu", "RTX 5090", "--ram", "64GiB")

STORIES = (
    Story(
        '"My 8B model is 16 GB and my card has 24 GB, so a long PDF must fit." With 60,000 tokens of it:',
        ("plan", "preset:llama-3.1-8b:F16", "-c", "60000", *CARD_24),
    ),
    Story(
        '"An 8B model at its full 128K on 24 GB." At 4 bit with an f16 cache:',
        ("plan", "preset:llama-3.1-8b", "-c", "131072", *CARD_24),
    ),
    Story(
        "... and with the cache at q8_0:",
        ("plan", "preset:llama-3.1-8b", "-c", "131072", "-ctk", "q8_0", "-ctv", "q8_0", *CARD_24),
    ),
    Story(
        '"I set num_ctx to 128000 in Ollama on my machine with 16 GB."',
        ("plan", "preset:llama-3.1-8b", "--runtime", "ollama", "-c", "128000", "--ram", "16GiB"),
    ),
    Story(
        '"A 16 GB model on a 32 GB card leaves half of it free." What that half holds:',
        ("recommend", "preset:qwen2.5-14b:Q8_0", "--goal", "longest-context", *CARD_32),
    ),
    Story(
        '"A 70B model at 128K." The cache alone is 40 GiB:',
        ("plan", "preset:llama-3.1-70b", "-c", "131072", "--ram", "128GiB"),
    ),
    Story(
        '"My documents are 50,000 tokens."',
        ("plan", "preset:llama-3.1-8b", "-c", "50000", "--gpu", "RTX 4070", "--ram", "32GiB"),
    ),
)


def main() -> int:
    for number, story in enumerate(STORIES, 1):
        print(f"\n{'=' * 100}\n{number}. {story.told}", flush=True)
        print(f"   context-advisor {' '.join(_quoted(word) for word in story.words)}\n", flush=True)
        code = context_advisor([*story.words, "--quiet"])
        if code not in {0, 1}:
            return code
    cache_bytes = 16 * GiB
    print(f"\n{'=' * 100}")
    print(f'{len(STORIES) + 1}. "One calculator says 17.2 GB, the other 16 GiB." It is the same cache:')
    decimal, binary = cache_bytes / 1e9, cache_bytes / GiB
    print(f"   {cache_bytes:,} bytes are {decimal:.1f} GB (10^9) and {binary:.0f} GiB (2^30).")
    return 0


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


if __name__ == "__main__":
    sys.exit(main())
