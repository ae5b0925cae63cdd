"""What each of several users gets of the memory and the speed."""

import pytest

from advisor.basis import Basis
from advisor.hardware.device import Hardware
from advisor.recommend.advise import advise
from advisor.recommend.reasons import slot_reasons
from advisor.recommend.result import DecodeSpeed, Goal, Speed
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB, MiB
from tests.support.planning import LinearPlanner, a_model, ram

COMPUTER = Hardware((ram(16 * GiB),))


def test_each_of_several_users_gets_a_share() -> None:
    team = Goal("several-users", "Team", "", 8192, 4, ("f16",))
    facts = a_model()
    found = advise(facts, COMPUTER, team, Request(), LinearPlanner(facts, COMPUTER))
    assert dict(next(reason.values for reason in found.reasons if reason.code == "users")) == {
        "users": 4,
        "n_ctx_per_user": 8192,
        "cache_bytes": 4 * GiB,
        "cache_bytes_per_user": GiB,
    }


@pytest.mark.parametrize(
    ("unified", "said"),
    [
        (False, "4 users: each gets 4,096 tokens in 512.0 MiB of cache of their own; with all at work"),
        (True, "4 users share 16,384 tokens and 2.0 GiB of cache; one alone gets about 20 to 35 tokens/s"),
    ],
)
def test_the_share_of_memory_and_speed_is_said(*, unified: bool, said: str) -> None:
    facts = a_model()
    settings = LoadSettings(n_ctx=16384, n_seq_max=4, kv_unified=unified)
    speed = Speed(None, (DecodeSpeed(0, 50, 80), DecodeSpeed(4096, 20, 35)), None, Basis.ASSUMED)
    (note,) = slot_reasons(LinearPlanner(facts, COMPUTER).estimate(settings), speed)
    assert note.text.startswith(said)
    assert note.values["tokens_per_second"] == 20
    assert note.values["cache_bytes"] == 2048 * MiB


def test_one_user_needs_no_such_words() -> None:
    facts = a_model()
    plan = LinearPlanner(facts, COMPUTER).estimate(LoadSettings(n_ctx=4096))
    assert slot_reasons(plan, Speed(None, (), None, Basis.ASSUMED)) == ()
