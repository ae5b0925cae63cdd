"""The parts of a prompt, counted by the model's own vocabulary where the engine can open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from advisor.basis import Basis, Note
from advisor.engine.client import EngineClient
from advisor.errors import EngineError
from advisor.model.facts import ModelFacts
from advisor.recommend.need.answer import Part, estimated_tokens
from advisor.recommend.need.text_file import TextFile, inspect_text, pieces


def file_part(
    path: Path, facts: ModelFacts, client: EngineClient | None, go_on: Callable[[], None] = lambda: None
) -> Part:
    """The tokens of a text file: counted, else estimated, and then a note says why.

    `go_on` is called between blocks and may raise. Raises UsageError for a file that is no text or cannot be
    read, and Cancelled.
    """
    text = inspect_text(path, go_on)
    if client is None:
        return _estimated(text, "there is no engine to count them")
    if facts.path is None:
        return _estimated(text, "the model has no file")
    n_pieces = 0

    def counted_pieces() -> Iterator[str]:
        nonlocal n_pieces
        for piece in pieces(text):
            go_on()
            n_pieces += 1
            yield piece

    try:
        n_tokens = client.count_tokens(facts.path, counted_pieces())
    except EngineError as error:
        return _estimated(text, _reason(error))
    return Part(path.name, n_tokens, Basis.ENGINE, _in_pieces(n_pieces))


def _in_pieces(n_pieces: int) -> Note | None:
    """A word may be cut in two between pieces: among five vocabularies never more than a token each."""
    if n_pieces < 2:
        return None
    text = f"Counted in {n_pieces} pieces: right to within about {n_pieces} tokens."
    return Note("tokens-counted-in-pieces", text)


def _estimated(text: TextFile, reason: str) -> Part:
    note = Note("tokens-estimated", f"The tokens of {text.path.name} are estimated: {reason}.")
    return Part(text.path.name, estimated_tokens(text.characters), Basis.ASSUMED, note)


def _reason(error: EngineError) -> str:
    if error.code == "no-vocabulary":
        return "the model has no vocabulary"
    sentence = error.message.rstrip(".")
    return sentence[:1].lower() + sentence[1:]
