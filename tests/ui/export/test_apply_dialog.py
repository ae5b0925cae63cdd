"""Apply: shown before it is done, done only after a yes, and the program runs only when asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.support.audit import nameless
from tests.support.fake_domain import FakeDomain
from ui.export.apply_dialog import ApplyDialog
from ui.export.export_dialog import ExportDialog
from ui.session.session import Session
from ui.theme import Theme

Settle = Callable[[Session], None]


@pytest.fixture
def ollama(dialog: ExportDialog, session: Session, settled: Settle) -> ExportDialog:
    dialog.programs.choose("ollama")
    settled(session)
    return dialog


def previewed(dialog: ExportDialog, place: Path | None, session: Session, settled: Settle) -> ApplyDialog:
    dialog.preview(place)
    settled(session)
    found = dialog.findChild(ApplyDialog)
    assert found is not None
    return found


def program(domain: FakeDomain, folder: Path, script: str) -> None:
    """A stand-in for `ollama`, alone in the programs' path."""
    folder.mkdir()
    file = folder / "ollama"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    domain.environment["PATH"] = f"{folder}:/usr/bin:/bin"


# --- what goes wrong


def test_a_file_of_another_model_is_refused_in_place(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    place = tmp_path / "Modelfile"
    place.write_text("FROM another\n", encoding="utf-8")
    ollama.preview(place)
    settled(session)
    assert ollama.findChild(ApplyDialog) is None
    assert "another model" in ollama.file.error.text
    assert "--name" not in ollama.file.error.text
    assert place.read_text(encoding="utf-8") == "FROM another\n"


def test_a_model_that_lm_studio_does_not_have_is_refused_in_place(
    dialog: ExportDialog, session: Session, settled: Settle
) -> None:
    dialog.programs.choose("lm-studio")
    settled(session)
    dialog.file.apply.click()
    settled(session)
    assert "LM Studio" in dialog.file.error.text
    assert "--apply" not in dialog.file.error.text
    assert "--name" not in dialog.file.error.text


def test_a_file_that_changed_meanwhile_is_not_touched(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    place = tmp_path / "Modelfile"
    apply = previewed(ollama, place, session, settled)
    place.write_text("FROM mine\n", encoding="utf-8")
    apply.write.click()
    settled(session)
    assert "in the meantime" in apply.error.text
    assert place.read_text(encoding="utf-8") == "FROM mine\n"
    assert apply.write.isEnabled()
    apply.close()


def test_closing_it_writes_nothing(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path, qtbot: QtBot
) -> None:
    apply = previewed(ollama, tmp_path / "Modelfile", session, settled)
    qtbot.keyClick(apply, Qt.Key.Key_Return)  # no yes by accident
    qtbot.keyClick(apply, Qt.Key.Key_Escape)
    settled(session)
    assert not (tmp_path / "Modelfile").exists()


def test_a_program_that_is_missing_is_told_and_the_file_stays(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path, domain: FakeDomain
) -> None:
    domain.environment["PATH"] = str(tmp_path)
    apply = previewed(ollama, tmp_path / "Modelfile", session, settled)
    assert not apply.run.isEnabled()
    apply.write.click()
    settled(session)
    apply.run.click()
    settled(session)
    assert apply.run_error.text.startswith("ollama was not found")
    assert (tmp_path / "Modelfile").exists()
    assert apply.run.isVisible()
    apply.close()


def test_settings_that_do_not_fit_are_warned_about(
    dialog: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    session.choose(replace(session.asked, n_ctx=131072))
    settled(session)
    dialog.programs.choose("ollama")
    settled(session)
    apply = previewed(dialog, tmp_path / "Modelfile", session, settled)
    assert apply.warning.isVisible()
    apply.close()


# --- what is shown and written


def test_a_new_modelfile_is_shown_and_written_after_the_yes(
    ollama: ExportDialog,
    session: Session,
    settled: Settle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    theme: Theme,
) -> None:
    place = tmp_path / "Modelfile"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(place), ""))
    ollama.file.apply.click()
    settled(session)
    apply = ollama.findChild(ApplyDialog)
    assert "+PARAMETER num_ctx" in apply.difference.toPlainText()
    assert not apply.backup.isVisible()
    assert not place.exists()
    assert nameless(apply) == []
    assert not apply.grab().isNull()
    qtbot.keyClick(apply.write, Qt.Key.Key_Space)
    settled(session)
    assert ollama.made is not None
    assert place.read_text(encoding="utf-8") == ollama.made.export.files[0].text
    assert apply.done_label.text() == "Written."
    assert apply.focusWidget() is apply.run
    apply.close()


def test_what_was_there_is_kept_under_the_name_that_was_shown(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    assert ollama.made is not None
    before = ollama.made.export.files[0].text.replace("num_ctx ", "num_ctx 1") + "SYSTEM Be brief.\n"
    place = tmp_path / "Modelfile"
    place.write_text(before, encoding="utf-8")
    apply = previewed(ollama, place, session, settled)
    announced = apply.backup.text()
    assert "SYSTEM" in apply.difference.toPlainText() or "num_ctx" in apply.difference.toPlainText()
    apply.write.click()
    settled(session)
    (backup,) = tmp_path.glob("Modelfile.bak-*")
    assert backup.name in announced
    assert str(backup) in apply.backup.text()
    assert backup.read_text(encoding="utf-8") == before
    assert "SYSTEM Be brief." in place.read_text(encoding="utf-8")
    apply.close()


def test_a_file_that_says_it_already_is_not_written_but_can_be_handed_over(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path
) -> None:
    assert ollama.made is not None
    place = tmp_path / "Modelfile"
    place.write_text(ollama.made.export.files[0].text, encoding="utf-8")
    apply = previewed(ollama, place, session, settled)
    assert "nothing to write" in apply.done_label.text()
    assert not apply.write.isVisible()
    assert apply.run.isEnabled()
    apply.close()


def test_lm_studios_defaults_are_written_where_it_reads_them(
    dialog: ExportDialog, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    home = domain.places.home / ".lmstudio"
    (home / "models" / "maker" / "repo").mkdir(parents=True)
    session.open_paths([home / "models" / "maker" / "repo" / "x.gguf"])
    settled(session)
    dialog.programs.choose("lm-studio")
    settled(session)
    apply = previewed(dialog, None, session, settled)
    apply.write.click()
    settled(session)
    place = home / ".internal/user-concrete-model-default-config/maker/repo/x.gguf.json"
    assert "llm.load.contextLength" in place.read_text(encoding="utf-8")
    apply.close()


# --- the program


def test_the_program_runs_on_request_and_what_it_says_is_shown(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path, domain: FakeDomain
) -> None:
    program(domain, tmp_path / "bin", 'echo "got $1 $2 $4"; printf "\\033[?25lsuccess\\n"')
    place = tmp_path / "Modelfile"
    apply = previewed(ollama, place, session, settled)
    apply.write.click()
    settled(session)
    assert not apply.said.isVisible()
    apply.run.click()
    settled(session)
    assert apply.said.toPlainText().splitlines() == [
        f"got create {ollama.made.export.programs[0][2]} {place}",
        "success",
    ]
    assert apply.ran.text() == "Done."
    apply.close()


def test_a_program_that_fails_says_how(
    ollama: ExportDialog, session: Session, settled: Settle, tmp_path: Path, domain: FakeDomain
) -> None:
    program(domain, tmp_path / "bin", "echo no such thing >&2; exit 3")
    apply = previewed(ollama, tmp_path / "Modelfile", session, settled)
    apply.write.click()
    settled(session)
    apply.run.click()
    settled(session)
    assert apply.said.toPlainText() == "no such thing"
    assert apply.run_error.text.startswith("ollama ended with 3.")
    apply.close()


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_a_program_under_way_is_ended(
    ollama: ExportDialog,
    session: Session,
    settled: Settle,
    tmp_path: Path,
    domain: FakeDomain,
    qtbot: QtBot,
    how: str,
) -> None:
    program(domain, tmp_path / "bin", "echo begun; exec sleep 600")
    apply = previewed(ollama, tmp_path / "Modelfile", session, settled)
    apply.write.click()
    settled(session)
    apply.run.click()
    qtbot.waitUntil(lambda: apply.said.toPlainText() == "begun", timeout=20_000)
    assert apply.progress.isVisible()
    if how == "cancel":
        apply.stop.click()
        settled(session)
        assert apply.ran.text() == "Cancelled."
        assert apply.run.isVisible()
        apply.close()
    else:
        apply.close()
        settled(session)
