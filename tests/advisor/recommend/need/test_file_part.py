from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.basis import Basis
from advisor.engine.client import EngineClient
from advisor.errors import Cancelled, EngineDied, EngineRefused, UsageError
from advisor.recommend.need import estimated_tokens, file_part
from advisor.recommend.need.text_file import characters_of
from tests.support.planning import a_model

WORDS = "Some words, 3 of them.\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text(WORDS, encoding="utf-8")
    return path


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | None], EngineClient]:
    """An engine that counts a token for each character, or fails."""

    def make(error: Exception | None = None) -> EngineClient:
        def count_tokens(_self: EngineClient, path: Path, parts: Iterable[str]) -> int:
            if error:
                raise error
            return sum(len(part) for part in parts)

        monkeypatch.setattr(EngineClient, "count_tokens", count_tokens)
        return EngineClient()

    return make


def test_the_engine_counts(text: Path, client: Callable[..., EngineClient]) -> None:
    part = file_part(text, a_model(), client())
    assert (part.name, part.n_tokens, part.basis, part.note) == ("words.txt", len(WORDS), Basis.ENGINE, None)


def test_a_long_text_is_counted_in_pieces_and_says_how_right_that_is(
    text: Path, client: Callable[..., EngineClient]
) -> None:
    text.write_text(WORDS * 10_000, encoding="utf-8")
    part = file_part(text, a_model(), client())
    assert (part.n_tokens, part.basis) == (len(WORDS) * 10_000, Basis.ENGINE)
    assert part.note
    assert part.note.text == "Counted in 4 pieces: right to within about 4 tokens."


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EngineRefused("None here.", hint="-", code="no-vocabulary"), "the model has no vocabulary."),
        (EngineDied("The engine crashed.", hint="-"), "the engine crashed."),
    ],
)
def test_what_cannot_be_counted_is_estimated_with_the_reason(
    text: Path, client: Callable[..., EngineClient], error: Exception, reason: str
) -> None:
    part = file_part(text, a_model(), client(error))
    assert (part.n_tokens, part.basis) == (estimated_tokens(characters_of(WORDS)), Basis.ASSUMED)
    assert part.note
    assert part.note.text == f"The tokens of words.txt are estimated: {reason}"


def test_without_an_engine_or_a_file_it_is_estimated(text: Path, client: Callable[..., EngineClient]) -> None:
    assert file_part(text, a_model(), None).basis is Basis.ASSUMED
    assert file_part(text, replace(a_model(), path=None), client()).basis is Basis.ASSUMED


def test_what_is_no_text_is_an_error_even_without_an_engine(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    with pytest.raises(UsageError):
        file_part(tmp_path / "a.pdf", a_model(), None)


def test_counting_can_be_stopped(text: Path, client: Callable[..., EngineClient]) -> None:
    calls = []

    def go_on() -> None:
        calls.append(1)
        if len(calls) == 3:  # two blocks are read to see what it is
            raise Cancelled

    with pytest.raises(Cancelled):
        file_part(text, a_model(), client(), go_on)
    with pytest.raises(Cancelled):
        file_part(text, a_model(), client(Cancelled()))
