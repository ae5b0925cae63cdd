"""Whether a full context is fast enough for whoever waits: where comfort ends, and what cannot be said."""

from __future__ import annotations

from advisor.basis import Note
from advisor.recommend.reasons.spelling import format_rate
from advisor.recommend.result import Patience, Speed
from advisor.speed import Decoding
from advisor.units import format_seconds, format_tokens


def patience_reasons(
    patience: Patience | None,
    writing: Decoding | None,
    speed: Speed,
    n_ctx_safe: int,
    n_ctx_comfortable: int | None,
) -> tuple[Note, ...]:
    """That comfort ends before memory does, or does not even begin.

    Of a patience that was said for this answer it is also told that it is met, or cannot be judged.
    """
    if patience is None or not n_ctx_safe:
        return ()
    if writing is None or writing.assumed_ram or not speed.decode:
        return (_unknown(patience),) if patience.is_said else ()
    if n_ctx_comfortable is None:
        return (_slow(speed, patience),)
    unread = patience.is_said and (writing.prefill is None or writing.prefill.is_guess)
    return (
        *_end(patience, speed, n_ctx_safe, n_ctx_comfortable),
        *((_reading_unknown(patience),) if unread else ()),
    )


def _end(patience: Patience, speed: Speed, n_ctx_safe: int, n_ctx_comfortable: int) -> tuple[Note, ...]:
    safe, comfortable = format_tokens(n_ctx_safe), format_tokens(n_ctx_comfortable)
    values: dict[str, int | float | str] = {"n_ctx_safe": n_ctx_safe, "n_ctx_comfortable": n_ctx_comfortable}
    if n_ctx_comfortable >= n_ctx_safe:
        text = f"Even {safe} tokens are fast enough for your {_in_words(patience)}."
        return (Note("patience-met", text, {**values, **_values(patience)}),) if patience.is_said else ()
    if _waits_before_it_writes(speed, patience):
        what = f"a longer prompt may take more than {format_seconds(patience.seconds_to_first_token)} to read"
        values["seconds_to_first_token"] = patience.seconds_to_first_token
    else:
        what = f"with more it may fall below {format_rate(patience.tokens_per_second)} tokens/s"
        values["tokens_per_second"] = patience.tokens_per_second
    return (Note("comfortable", f"Fits {safe}, comfortable to {comfortable}: {what}.", values),)


def _waits_before_it_writes(speed: Speed, patience: Patience) -> bool:
    """Whether the time to the first token is nearer to its limit than the speed of writing is to its own."""
    if speed.time_to_first_token_s is None:
        return False
    waited = speed.time_to_first_token_s / patience.seconds_to_first_token
    return waited > patience.tokens_per_second / speed.decode[-1].tokens_per_second


def _slow(speed: Speed, patience: Patience) -> Note:
    first = speed.decode[0].tokens_per_second
    if first >= patience.tokens_per_second:
        wait = format_seconds(patience.seconds_to_first_token)
        who = "you wait" if patience.is_said else "this goal waits"
        text = f"Even a short prompt may take longer to read than the {wait} that {who}."
        return Note("slow", text, {"seconds_to_first_token": patience.seconds_to_first_token})
    slow, wanted = format_rate(first), format_rate(patience.tokens_per_second)
    who = "you want" if patience.is_said else "this goal wants"
    text = f"Even with an empty context it may write only {slow} tokens/s; {who} {wanted}."
    values = {"tokens_per_second": round(first, 2), "wanted_tokens_per_second": patience.tokens_per_second}
    return Note("slow", text, values)


def _unknown(patience: Patience) -> Note:
    text = (
        f"How fast it will be is not known here, so your {_in_words(patience)} do not lower the context. "
        "A proof measures it."
    )
    return Note("patience-unknown", text, _values(patience))


def _reading_unknown(patience: Patience) -> Note:
    wait = format_seconds(patience.seconds_to_first_token)
    text = (
        f"How fast a prompt is read here is not known: your {wait} do not count, the speed of writing does."
    )
    values = {"seconds_to_first_token": patience.seconds_to_first_token}
    return Note("patience-reading-unknown", text, values)


def _in_words(patience: Patience) -> str:
    """ "30 s and 5 tokens/s"."""
    rate = format_rate(patience.tokens_per_second)
    return f"{format_seconds(patience.seconds_to_first_token)} and {rate} tokens/s"


def _values(patience: Patience) -> dict[str, int | float | str]:
    return {
        "seconds_to_first_token": patience.seconds_to_first_token,
        "tokens_per_second": patience.tokens_per_second,
    }
