from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.errors import PresetError
from advisor.presets import user_presets
from advisor.recommend import goals
from advisor.recommend.goals import (
    delete_goal,
    goal_named,
    load_goals,
    own_goal,
    own_goals,
    save_goal,
    shipped_goals,
)
from advisor.recommend.result import Goal, Patience
from advisor.settings.request import Request
from tests.support.planning import a_model

GOOD: dict[str, object] = {"title": "T", "description": "D", "users": 1, "cache_types": ["f16"]}


@pytest.mark.parametrize(
    "patience",
    [
        5,
        "soon",
        {},
        {"tokens_per_second": 5},
        {"seconds_to_first_token": 0, "tokens_per_second": 5},
        {"seconds_to_first_token": 30, "tokens_per_second": -1},
        {"seconds_to_first_token": 30, "tokens_per_second": float("nan")},
        {"seconds_to_first_token": float("inf"), "tokens_per_second": 5},
        {"seconds_to_first_token": True, "tokens_per_second": 5},
        {"seconds_to_first_token": "30", "tokens_per_second": 5},
    ],
)
def test_a_bad_patience_is_refused(monkeypatch: pytest.MonkeyPatch, patience: object) -> None:
    monkeypatch.setattr(goals, "read_toml", lambda name: {"mine": {**GOOD, "patience": patience}})
    with pytest.raises(PresetError, match="mine"):
        load_goals()


def test_without_patience_any_speed_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goals, "read_toml", lambda name: {"mine": GOOD})
    assert load_goals()["mine"].patience is None


def test_every_goal_of_ours_has_patience() -> None:
    assert goal_named("chat").patience == Patience(30, 5)
    assert all(goal.patience for goal in load_goals().values())


MINE = Goal("my-goal", "Mine", 'Two "quoted" lines\n\\ and é\x7f', 12288, 3, ("q8_0",), Patience(12.5, 3))


def own_file() -> Path:
    return user_presets() / "goals.toml"


@given(
    st.builds(
        Goal,
        name=st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True),
        title=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        description=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        n_ctx=st.none() | st.integers(1, 10**6),
        users=st.integers(1, 64),
        cache_types=st.lists(st.sampled_from(["f16", "q8_0", "q4_0"]), min_size=1).map(tuple),
        patience=st.none() | st.builds(Patience, st.floats(0.001, 1e6), st.floats(0.001, 1e6)),
    )
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_goal_comes_back_as_it_was_saved(goal: Goal) -> None:
    save_goal(goal)
    assert goal_named(goal.name) == goal


def test_saving_keeps_everything_else_in_the_file_and_a_copy_of_it() -> None:
    own_file().parent.mkdir(parents=True)
    before = (
        "# my goals\n[chat]\ntitle = 'Mine'\ndescription = ''\nusers = 2\ncache_types = ['f16']\n"
        "# about the next\n[\"my-goal\"]\ntitle = 'old'\ndescription = ''\nusers = 1\ncache_types = ['f16']\n"
        "patience.seconds_to_first_token = 3\n[my-goal.patience_of_mine]\nx = 1\n"
        "[last]\ntitle = 'L'\ndescription = ''\nusers = 1\ncache_types = ['f16']\n"
    )
    own_file().write_text(before, encoding="utf-8")
    assert save_goal(MINE) == own_file()
    text = own_file().read_text(encoding="utf-8")
    assert text.startswith(before[: before.index('["my-goal"]')])
    assert load_goals()["my-goal"] == MINE
    assert load_goals()["chat"].users == 2
    assert list(load_goals())[-2:] == ["last", "my-goal"]
    assert own_file().with_name("goals.toml.bak").read_text(encoding="utf-8") == before
    assert sorted(path.name for path in own_file().parent.iterdir()) == ["goals.toml", "goals.toml.bak"]


def test_deleting_takes_out_one_and_gives_back_ours() -> None:
    assert not delete_goal("chat")  # ours
    save_goal(replace(MINE, name="chat"))
    save_goal(MINE)
    assert own_goals() == {"chat", "my-goal"}
    assert delete_goal("chat")
    assert own_goals() == {"my-goal"}
    assert goal_named("chat").title == "Chat"
    assert delete_goal("my-goal")
    assert not delete_goal("my-goal")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "é", "a]", "x" * 65, "a\n"])
def test_a_name_that_cannot_be_a_table_is_refused(name: str) -> None:
    with pytest.raises(PresetError) as caught:
        save_goal(replace(MINE, name=name))
    assert caught.value.code == "bad-goal-name"
    assert not own_file().exists()


def test_a_goal_that_could_not_be_read_again_is_not_saved() -> None:
    for bad in (replace(MINE, users=0), replace(MINE, cache_types=("q3_K",)), replace(MINE, title="\ud800")):
        with pytest.raises(PresetError):
            save_goal(bad)
    assert not own_file().exists()


def test_a_malformed_file_or_one_that_cannot_be_edited_is_left_as_it_is() -> None:
    own_file().parent.mkdir(parents=True)
    for text in ("[[[", 'my-goal = { title = "x" }\n', "[a]\ntext = '''\n[my-goal]\n'''\n[my-goal]\nx = 1\n"):
        own_file().write_text(text, encoding="utf-8")
        with pytest.raises(PresetError):
            save_goal(MINE)
        assert own_file().read_text(encoding="utf-8") == text


def test_ours_are_there_whatever_the_users_own_file_holds() -> None:
    ours = shipped_goals()
    own_file().parent.mkdir(parents=True)
    own_file().write_text("[[[", encoding="utf-8")
    with pytest.raises(PresetError):
        load_goals()
    assert shipped_goals() == ours
    assert "chat" in ours


def test_an_own_goal_takes_what_was_said_and_the_rest_from_its_base() -> None:
    facts = a_model()
    made = own_goal("mine", goal_named("chat"), Request(n_ctx=8192, users=2, cache_type_k="q8_0"), facts)
    assert (made.n_ctx, made.users, made.cache_types) == (8192, 2, ("q8_0",))
    assert made.patience == goal_named("chat").patience
    whole = own_goal("mine", goal_named("longest-context"), Request(n_seq_max=4, n_ctx=32768), facts)
    assert (whole.n_ctx, whole.users) == (8192, 4)  # the engine's total, cut into four
    with pytest.raises(PresetError, match="one cache type"):
        own_goal("x", goal_named("chat"), Request(cache_type_k="q8_0", cache_type_v="f16"), facts)
