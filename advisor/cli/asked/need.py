"""What a person says of the text to be sent: files, pages or characters, a system prompt, an answer."""

from __future__ import annotations

import argparse
from pathlib import Path

from advisor.engine.client import EngineClient
from advisor.errors import SettingsError, UsageError
from advisor.library.names import exists
from advisor.model.facts import ModelFacts
from advisor.recommend.need import DEFAULT_ANSWER_TOKENS, Need, Part, characters_part, file_part, pages_part
from advisor.units import parse_tokens

MOST = 10**12  # far above any context, far below what a float holds exactly


def is_need_said(args: argparse.Namespace) -> bool:
    """Whether the words describe a text to be sent."""
    return any((args.prompt, args.pages, args.chars, args.system)) or args.answer is not None


def need_of(args: argparse.Namespace, facts: ModelFacts, client: EngineClient | None) -> Need | None:
    """The need that the options describe; None where none was given.

    Raises UsageError leaves for a file that is no text and for lengths that cannot be.
    """
    if not is_need_said(args):
        return None
    _check("--pages", args.pages)
    _check("--chars", args.chars)
    _check("--answer", args.answer)
    prompt = [file_part(Path(name), facts, client) for name in args.prompt]
    if args.pages:
        prompt.append(pages_part(args.pages))
    if args.chars:
        prompt.append(characters_part(args.chars))
    return Need(
        prompt=tuple(prompt),
        system=_system(args.system, facts, client) if args.system else None,
        answer_tokens=DEFAULT_ANSWER_TOKENS if args.answer is None else args.answer,
    )


def _system(word: str, facts: ModelFacts, client: EngineClient | None) -> Part:
    """A file, or a number of tokens; a file of that name goes first."""
    if not exists(word):
        try:
            n_tokens = parse_tokens(word)
        except UsageError:
            pass  # then it is meant as a file, and the sentence about that is the better one
        else:
            _check("--system", n_tokens)
            return Part("system prompt", n_tokens, None)
    return file_part(Path(word), facts, client)


def _check(option: str, value: float | None) -> None:
    if value is not None and not 0 <= value <= MOST:
        raise SettingsError(option, f"{value:,} is not possible.", hint="Choose a length above 0.")
