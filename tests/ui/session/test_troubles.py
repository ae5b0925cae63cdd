"""What is wrong with the window's own files: said once, calmly, with nothing lost and the rest going on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.errors import OutputError, PresetError
from tests.support.answers import CHAT, LONGEST
from tests.support.fake_domain import FakeDomain
from ui.session.answers.goals import GoalAnswers
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.session.troubles import Troubles
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]

BAD_GOALS = PresetError("goals.toml is malformed: line 3.", hint="Correct the file or remove it.")
SPOILED = OutputError("The settings were damaged.", hint="A copy is kept.", code="settings-spoiled")


# --- the list of them


def test_a_trouble_is_there_until_it_is_mended(qtbot: QtBot) -> None:
    troubles = Troubles()
    with qtbot.waitSignal(troubles.changed, timeout=1000):
        troubles.say("goals", BAD_GOALS)
    troubles.say("settings", SPOILED)
    assert troubles.now == (BAD_GOALS, SPOILED)
    with qtbot.waitSignal(troubles.changed, timeout=1000):
        troubles.say("goals", None)
    assert troubles.now == (SPOILED,)


def test_what_was_dismissed_is_not_said_again_but_something_new_is(qtbot: QtBot) -> None:
    troubles = Troubles()
    troubles.say("goals", BAD_GOALS)
    troubles.dismiss()
    assert troubles.now == ()
    with qtbot.assertNotEmitted(troubles.changed):
        troubles.say("goals", PresetError(BAD_GOALS.message, hint=BAD_GOALS.hint))
        troubles.dismiss()
    other = PresetError("goals.toml is malformed: line 9.", hint="Correct it.")
    troubles.say("goals", other)
    assert troubles.now == (other,)


# --- malformed goals


@pytest.fixture
def malformed(domain: FakeDomain) -> FakeDomain:
    """The user's own goals cannot be read. The fixture comes before the session that reads them."""
    domain.goals_problem = BAD_GOALS
    return domain


def test_malformed_goals_leave_ours_and_are_said_on_every_page(
    malformed: FakeDomain, window: MainWindow, session: Session, settled: Settle, theme: Theme
) -> None:
    session.start()
    settled(session)
    assert list(session.goals.all) == ["chat", "longest-context", "several-users"]
    assert window.welcome.isVisible()
    assert window.troubles.notice.isVisible()
    assert window.troubles.notice.text == f"{BAD_GOALS.message} {BAD_GOALS.hint}"
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    assert session.current is not None
    assert session.current.recommendation is not None
    assert window.troubles.notice.isVisible()
    assert BAD_GOALS.message in window.events.text()


def test_they_are_there_again_when_the_file_was_corrected(
    malformed: FakeDomain, window: MainWindow, session: Session, settled: Settle
) -> None:
    malformed.kept_goals["mine"] = CHAT
    session.wanted.set_goal("mine")
    assert session.wanted.goal == LONGEST
    assert session.wanted.remembered_goal == "mine"
    malformed.goals_problem = None
    session.look_again()
    settled(session)
    assert session.goals.problem is None
    assert session.wanted.goal == CHAT
    assert not window.troubles.isVisible()


def test_another_choice_meanwhile_stays(malformed: FakeDomain, session: Session, settled: Settle) -> None:
    malformed.kept_goals["mine"] = CHAT
    session.wanted.set_goal("mine")
    session.wanted.set_goal("several-users")
    malformed.goals_problem = None
    session.look_again()
    settled(session)
    assert session.wanted.goal.name == "several-users"


def test_the_remembered_goal_is_not_forgotten_over_it(
    malformed: FakeDomain, window: MainWindow, session: Session, preferences: Preferences
) -> None:
    session.wanted.set_goal("mine")
    session.wanted.set_runtime("ollama")
    assert preferences.goal == "mine"
    assert preferences.runtime == "ollama"


def test_the_settings_say_it_too(malformed: FakeDomain, window: MainWindow, session: Session) -> None:
    window.actions_.settings.trigger()
    dialog = next(child for child in window.children() if hasattr(child, "goals"))
    assert BAD_GOALS.message in dialog.goals.problem.text()
    dialog.close()


@pytest.fixture
def own_goals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own goals lie."""
    for module in ("advisor.presets", "advisor.recommend.goals"):
        monkeypatch.setattr(f"{module}.user_presets", lambda: tmp_path)
    return tmp_path / "goals.toml"


@pytest.mark.parametrize(
    "text",
    [
        b"[mine\ntitle = 1",
        b"\xff\xfe\x00 not text",
        b'[mine]\ntitle = "Mine"\n',
        b"mine = 3\n",
        b'[chat]\ntitle = "x"\ndescription = "y"\nusers = 0\ncache_types = ["f16"]\n',
    ],
)
def test_whatever_is_wrong_with_the_file_ours_are_there_and_it_stays_as_it_is(
    own_goals: Path, text: bytes
) -> None:
    own_goals.write_bytes(text)
    known = GoalAnswers().known()
    assert known.problem is not None
    assert known.problem.hint
    assert "chat" in known.all
    assert known.own == frozenset()
    assert own_goals.read_bytes() == text


def test_a_sound_file_is_read_on_top(own_goals: Path) -> None:
    own_goals.write_text(
        '[mine]\ntitle = "Mine"\ndescription = "d"\nusers = 1\ncache_types = ["f16"]\n', encoding="utf-8"
    )
    known = GoalAnswers().known()
    assert known.problem is None
    assert known.own == {"mine"}
    assert {"mine", "chat"} <= known.all.keys()


# --- spoiled settings, and those that cannot be written


def test_spoiled_settings_are_set_aside_and_said_once(tmp_path: Path, qapp: object) -> None:
    place = tmp_path / "window.ini"
    place.write_bytes(b"\x00\x01\x02 nothing that was ever written here")
    preferences = Preferences(place)
    [trouble] = preferences.troubles
    assert trouble.code == "settings-spoiled"
    assert str(tmp_path / "window.ini.broken") in trouble.hint
    assert (tmp_path / "window.ini.broken").read_bytes() == place.read_bytes()
    preferences.goal = "chat"
    preferences.save()
    again = Preferences(place)
    assert again.troubles == ()
    assert again.goal == "chat"


def test_no_settings_yet_and_sound_ones_are_no_trouble(tmp_path: Path, qapp: object) -> None:
    place = tmp_path / "new" / "window.ini"
    first = Preferences(place)
    assert first.troubles == ()
    first.goal = "chat"
    first.save()
    assert Preferences(place).troubles == ()


def test_a_folder_that_cannot_be_written_to_is_said_and_everything_works(
    tmp_path: Path, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    preferences = Preferences(tmp_path / "config" / "window.ini")
    [trouble] = preferences.troubles
    assert trouble.code == "settings-not-writable"
    session.troubles.say(trouble.code, trouble)
    window = MainWindow(session, preferences)
    qtbot.addWidget(window)
    window.show()
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    assert window.troubles.notice.isVisible()
    assert session.current is not None
    assert session.current.recommendation is not None
    assert trouble.message in window.events.text()
    preferences.save()  # no error, as on closing


def test_the_notice_is_dismissed_and_stays_in_the_log(
    window: MainWindow, session: Session, theme: Theme
) -> None:
    session.troubles.say("settings", SPOILED)
    assert window.troubles.isVisible()
    assert window.troubles.notice.accessibleName() == SPOILED.message
    window.troubles.dismiss.trigger()
    assert not window.troubles.isVisible()
    assert SPOILED.message in window.events.text()
