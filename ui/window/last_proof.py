"""When the shown model was last proved, and how many tokens really worked, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from advisor.history.record import ProbeRecord
from advisor.units import format_tokens
from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def last_proof(records: Sequence[ProbeRecord], now: datetime | None = None) -> str:
    """`records` are newest first; empty where nothing was proved yet, or nobody knows when."""
    if not records:
        return ""
    try:
        at = datetime.fromisoformat(records[0].at)
    except ValueError:
        return ""
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return translate("last_proof", "proved {ago}: {n} tokens").format(
        ago=ago_words((now or datetime.now(UTC)) - at), n=format_tokens(records[0].result.limit_n_ctx)
    )


def ago_words(passed: timedelta) -> str:
    """ "just now", "5 minutes ago", "yesterday", "3 days ago". A clock that was set back says "just now"."""
    minutes, days = int(passed.total_seconds() // 60), passed.days
    if minutes < 2:
        return translate("last_proof", "just now")
    if minutes < 120:
        return translate("last_proof", "{n} minutes ago").format(n=minutes)
    if days < 1:
        return translate("last_proof", "{n} hours ago").format(n=minutes // 60)
    if days == 1:
        return translate("last_proof", "yesterday")
    return translate("last_proof", "{n} days ago").format(n=days)
