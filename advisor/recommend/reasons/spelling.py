"""How cache types and speeds are spelled in all sentences."""

from __future__ import annotations

from advisor.settings.load_settings import LoadSettings


def cache_name(settings: LoadSettings) -> str:
    """ "q8_0", or "q8_0/q4_0" where K and V differ."""
    k, v = settings.cache_type_k, settings.cache_type_v
    return k if k == v else f"{k}/{v}"


def with_article(cache_type: str) -> str:
    """ "an f16", "a q8_0"."""
    return f"{'an' if cache_type[0] in 'fi' else 'a'} {cache_type}"


def format_rate(tokens_per_second: float) -> str:
    """Tokens a second in few digits: 0.42, 7.5, 85."""
    if tokens_per_second >= 10:
        return f"{tokens_per_second:.0f}"
    return f"{tokens_per_second:.2g}"
