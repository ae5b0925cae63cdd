"""What may be kept free, as a list to choose from. Each choice's name is what is remembered of it."""

from __future__ import annotations

from advisor.hardware.reserve import Reserve
from advisor.units import ByteUnits, GiB, byte_units, format_bytes, format_tokens
from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

AUTOMATIC = "auto"
_NAMES = (AUTOMATIC, "512MiB", "1GiB", "2GiB", "4GiB", "10%", "20%", "25%", "30%")
RESERVES: dict[str, Reserve] = {name: Reserve.parse(name) for name in _NAMES}


def choice_words(name: str) -> str:
    """What a choice keeps free of every memory."""
    reserve = RESERVES[name]
    if reserve.percent is not None:
        return translate("reserve", "{n} % of each memory").format(n=f"{reserve.percent:g}")
    if reserve.n_bytes is not None:
        is_round = byte_units() is ByteUnits.BINARY  # they are chosen so
        size = f"{reserve.n_bytes / GiB:g} GiB" if is_round else format_bytes(reserve.n_bytes)
        return translate("reserve", "{size} of each memory").format(size=size)
    return translate("reserve", "Automatic, by what each memory is for")


def cost_words(largest: dict[str, int], name: str) -> str:
    """What a choice costs in tokens against the automatic one; `largest` is each choice's largest context."""
    here, usual = largest[name], largest[AUTOMATIC]
    if not here:
        return translate("reserve", "does not fit")
    if name == AUTOMATIC:
        return ""
    if here == usual:
        return translate("reserve", "costs nothing")
    words = translate("reserve", "costs {n} tokens") if here < usual else translate("reserve", "+{n} tokens")
    return words.format(n=format_tokens(abs(usual - here)))
