"""The files that go with a model, written down and read back; nonsense is no entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.memory.companions import NO_COMPANIONS, Companions
from tests.support.companions import DRAFT, DRAFT_FILE, PIRATE, SMALL
from ui.session.chosen_files import ChosenFiles, as_text, chosen_files, from_text


def test_the_files_behind_what_is_counted() -> None:
    assert chosen_files(NO_COMPANIONS) == ChosenFiles()
    assert chosen_files(Companions(SMALL, DRAFT, (PIRATE,))) == ChosenFiles(
        SMALL.path, DRAFT_FILE, (PIRATE.path,)
    )


def test_all_of_it_comes_back_in_its_order() -> None:
    chosen = {
        Path("/m/z.gguf"): ChosenFiles(projector=Path("/m/\u00fc, [1].gguf")),
        Path("/m/a.gguf"): ChosenFiles(draft=Path("/m/d.gguf"), adapters=(Path("/m/x"), Path("/m/y"))),
        Path("/m/no\udcfftext.gguf"): ChosenFiles(),
    }
    text = as_text(chosen)
    assert text.isascii()
    assert list(from_text(text).items()) == list(chosen.items())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "{}",
        "1",
        '[["/m/a.gguf"]]',
        '[["", "/p", "", []]]',
        '[["/m/a.gguf", null, "", []]]',
        '[["/m/a.gguf", "", "", "x"]]',
        '[["/m/a.gguf", "", "", [""]]]',
        '[["/m/a.gguf", "", "", [1]]]',
    ],
)
def test_nonsense_is_no_entry(text: str) -> None:
    assert from_text(text) == {}


def test_a_sound_entry_counts_beside_a_spoiled_one() -> None:
    assert from_text('[7, ["/m/a.gguf", "", "/m/d.gguf", []]]') == {
        Path("/m/a.gguf"): ChosenFiles(draft=Path("/m/d.gguf"))
    }
