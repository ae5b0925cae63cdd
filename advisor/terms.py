"""The field's terms in plain words: `presets/terms.toml`, and finding one by any of its names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.errors import PresetError, UsageError
from advisor.presets import read_toml

MOST_SUGGESTIONS = 4


@dataclass(frozen=True, slots=True)
class Term:
    """One term: a sentence, then paragraphs. `words` are its other names, `see` names related terms."""

    name: str
    title: str
    words: tuple[str, ...]
    short: str
    text: tuple[str, ...]
    see: tuple[str, ...]


def load_terms() -> dict[str, Term]:
    """All terms by name, in the file's order. Raises PresetError for a malformed file."""
    terms = {name: _term(name, entry) for name, entry in read_toml("terms.toml").items()}
    for term in terms.values():
        for other in term.see:
            if other not in terms:
                raise PresetError(
                    f'The term "{term.name}" refers to "{other}", which does not exist.',
                    hint="Correct terms.toml.",
                )
    return terms


def find_term(word: str, terms: Mapping[str, Term]) -> Term:
    """The term of that name, title or other word, whatever its case. Raises UsageError, naming near ones."""
    wanted = _plain(word)
    by_word = {_plain(known): term for term in terms.values() for known in _all_words(term)}
    if wanted in by_word:
        return by_word[wanted]
    near = difflib.get_close_matches(wanted, by_word, n=MOST_SUGGESTIONS, cutoff=0.6)
    near += [known for known in by_word if len(wanted) > 2 and wanted in known]
    names = list(dict.fromkeys(by_word[known].name for known in near))[:MOST_SUGGESTIONS]
    hint = f"Did you mean {', '.join(names)}?" if names else "context-advisor explain lists all terms."
    raise UsageError(f'"{word}" is not explained here.', hint=hint, code="unknown-term")


def _all_words(term: Term) -> tuple[str, ...]:
    return (*term.words, term.title, term.name)  # its own name goes before another's word


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


def _term(name: str, entry: object) -> Term:
    if not isinstance(entry, Mapping):
        raise PresetError(f'The term "{name}" is not a table.', hint="Compare it with those in terms.toml.")
    try:
        return Term(
            name=name,
            title=_sentence(entry["title"]),
            words=_sentences(entry.get("words", [])),
            short=_sentence(entry["short"]),
            text=_sentences(entry["text"]),
            see=_sentences(entry.get("see", [])),
        )
    except (KeyError, TypeError) as error:
        raise PresetError(
            f'The term "{name}" is incomplete: {error}.', hint="Compare it with the others in terms.toml."
        ) from error


def _sentence(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise TypeError(f"{value!r} is not a text")


def _sentences(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_sentence(entry) for entry in value)
    raise TypeError(f"{value!r} is not a list of texts")
