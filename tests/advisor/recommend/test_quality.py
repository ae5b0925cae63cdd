"""Notes on cache types: malformed files first, then what the shipped one says."""

import re
from pathlib import Path

import pytest

from advisor import presets
from advisor.errors import PresetError
from advisor.memory.kv_cache import BLOCKS
from advisor.recommend import quality
from advisor.recommend.quality import load_cache_types, quality_of
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings

NOTE = 'short = "a"\ntext = "b"\nsources = ["c"]\nseen = "d"\n'
FORK = f'fork = "x/y"\nblock_elements = 32\nblock_bytes = 14\npairs = ["q8_0/t3"]\n{NOTE}'


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file, read on top of the shipped one."""
    monkeypatch.setattr(presets, "user_presets", lambda: tmp_path)
    monkeypatch.setattr(quality, "user_presets", lambda: tmp_path)
    return tmp_path / "cache_types.toml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("q8_0 = 3\n", "not a table"),
        ("[q8_0]\n" + NOTE.replace('short = "a"\n', ""), "short"),
        ("[q8_0]\n" + NOTE.replace('"b"', "7"), "7 is not a text"),
        ("[q8_0]\n" + NOTE.replace('["c"]', "[]"), "not a list"),
        ("[q9_9]\n" + NOTE, "none of f32"),
        ('["q8_0/q9"]\n' + NOTE, "none of f32"),
        ("[t3]\n" + FORK.replace("= 32", "= 0"), "0 is not a positive"),
        ("[t3]\n" + FORK.replace("= 32", "= true"), "True is not a positive"),
        ("[t3]\n" + FORK.replace("q8_0/t3", "t3"), "not a pair"),
        ("[t3]\n" + FORK.replace("q8_0/t3", "q8_0/t4"), 'no cache type "t4"'),
        ("[q8_0]\n" + FORK, "llama.cpp itself"),
    ],
)
def test_a_malformed_file_is_refused(own: Path, content: str, said: str) -> None:
    own.write_text(content, encoding="utf-8")
    with pytest.raises(PresetError, match=re.escape(said)) as caught:
        load_cache_types()
    assert "cache_types.toml" in caught.value.hint


def test_the_users_own_words_count_and_a_change_is_seen(own: Path) -> None:
    own.write_text("[q8_0]\n" + NOTE, encoding="utf-8")
    assert load_cache_types().qualities["q8_0"].text == "b"
    own.unlink()
    assert load_cache_types().qualities["q8_0"].text != "b"


def test_every_cache_type_has_a_note_with_a_source() -> None:
    known = load_cache_types()
    assert set(known.qualities) >= set(CACHE_TYPES)
    for entry in (*known.qualities.values(), *known.forks.values()):
        assert entry.sources
        assert re.search(r"20\d\d|fb3076099", entry.seen)
        assert "%" not in entry.text  # no figure holds for every model


def test_a_forks_type_is_none_of_llama_cpps() -> None:
    for fork in load_cache_types().forks.values():
        assert fork.name not in BLOCKS
        assert 2 < 8 * fork.block_bytes / fork.block_elements < 5


def test_the_rotation_and_the_disagreement_on_4_bits_are_told() -> None:
    text = load_cache_types().qualities["q4_0"].text
    assert "Sources differ" in text
    assert "rotates K" in text
    assert "https://github.com/ggml-org/llama.cpp/pull/21038" in load_cache_types().qualities["q4_0"].sources


def test_a_pair_has_its_own_words_or_both_types() -> None:
    known = load_cache_types()
    assert known.of("q8_0", "q4_0") == known.qualities["q8_0/q4_0"]
    both = known.of("q8_0", "q5_1")
    assert both is not None
    assert both.short == f"K: {known.qualities['q8_0'].short}; V: {known.qualities['q5_1'].short}"
    assert set(both.sources) == {*known.qualities["q8_0"].sources, *known.qualities["q5_1"].sources}
    assert known.of("q8_0", "turbo3") is None


def test_a_note_carries_its_sources_as_values() -> None:
    note = quality_of(LoadSettings(n_ctx=4096, cache_type_k="q8_0", cache_type_v="q8_0"))
    assert note is not None
    assert note.code == "cache-quality"
    assert note.values["cache_types"] == "q8_0"
    assert "pull/21038" in str(note.values["sources"])
    assert quality_of(LoadSettings(n_ctx=4096, cache_type_k="q1_0", cache_type_v="q1_0")) is None
