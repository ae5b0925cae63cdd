import pytest

from advisor.errors import PresetError
from advisor.recommend import goals
from advisor.recommend.goals import goal_named, load_goals
from advisor.recommend.result import Patience

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
