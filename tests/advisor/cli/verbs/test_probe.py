"""`probe` as a command: its words, its lines, its exit codes; the proof itself is a fake prover's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.main import main
from advisor.cli.text.probe_progress import line
from advisor.cli.verbs import probe
from advisor.engine.proof import MemorySample
from advisor.hardware.detect import detect
from advisor.history import History
from advisor.probe.events import Event
from advisor.recommend.result import Goal, Patience, Recommendation
from advisor.units import MiB
from tests.support.fake_prover import FakeProver
from tests.support.small_models import small_llama


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(small_llama(tmp_path / "model.gguf").path)


@pytest.fixture
def prover(monkeypatch: pytest.MonkeyPatch) -> FakeProver:
    fake = FakeProver(limit=8192)
    monkeypatch.setattr(probe, "Prover", lambda launch: fake)
    return fake


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("preset:llama-3.1-8b",), "Only a model that is on this computer"),
        (("{model}", "--gpu", "RTX 4070"), "Only this computer can be proved"),
        (("{model}", "--basis", "formula"), "A proof needs llama.cpp"),
        (("{model}", "--max-seconds", "0"), "no time is not enough"),
        (("{model}", "--fill", "quickly"), "is not one of"),
        (("{model}", "--cap", "much"), "not a size"),
    ],
)
def test_what_cannot_be_proved_is_a_sentence(
    words: tuple[str, ...], said: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", *(word.format(model=model) for word in words)]) == 2
    assert said in capsys.readouterr().err


def test_without_an_engine_nothing_is_proved(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "python"
    assert main(["probe", model, "--engine-python", str(nowhere), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "engine-not-started"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(entry) for entry in text.splitlines()]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("words", "patience"),
    [((), "not asked"), (("--patience-speed", "3"), Patience(30, 3)), (("--no-patience",), None)],
)
def test_a_patience_decides_what_is_proved(
    words: tuple[str, ...],
    patience: Patience | str | None,
    prover: FakeProver,
    model: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goals: list[Goal] = []
    advise = probe.advise

    def asked(*given: Any, **more: Any) -> Recommendation:
        goals.append(given[2])
        return advise(*given, **more)

    monkeypatch.setattr(probe, "advise", asked)
    assert main(["probe", model, *words, "--json"]) == 0
    assert [goal.patience for goal in goals] == ([] if patience == "not asked" else [patience])


@pytest.mark.engine
def test_json_is_a_line_an_event_and_one_for_the_result(
    prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", model, "-c", "4096", "--json"]) == 0
    *events, result = lines(capsys.readouterr().out)
    assert {event["event"] for event in events} == {"progress", "attempt"}
    assert result["event"] == "result"
    assert result["schema_version"] == 1
    assert result["limit"] == {"n_ctx": 4096, "bound_by": "requested"}
    assert result["safe"]["n_ctx"] <= 4096
    assert result["proved"] == {"n_ctx": 4096, "filled_tokens": 4096, "method": "copy"}
    assert set(result["predicted_bytes"]) == set(result["measured_peak_bytes"]) == {"CPU"}
    assert [point["depth"] for point in result["speed"]] == [0, 1024, 2048, 3072, 4096]
    (attempt,) = result["attempts"]
    assert (attempt["n_ctx"], attempt["outcome"], attempt["detail"]) == (4096, "ok", "")
    assert result["seconds"] >= 0


@pytest.mark.engine
def test_the_proof_is_kept_and_its_safe_context_exported(
    prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", model, "--to", "llama-server", "--from-probe"]) == 2
    assert "There is no proof of this model" in capsys.readouterr().err
    assert main(["probe", model, "-c", "4096", "-ctk", "q8_0", "-ctv", "q8_0"]) == 0
    (record,) = History().records()
    assert record.result.limit_n_ctx == 4096
    assert record.calibration is not None
    capsys.readouterr()
    assert main(["export", model, "--to", "llama-server", "--from-probe"]) in {0, 1}
    exported = capsys.readouterr().out
    assert f"{record.result.safe_n_ctx}" in exported
    assert "q8_0" in exported


def note_codes(captured: str) -> list[str]:
    return [note["code"] for note in lines(captured)[-1]["measured_notes"]]


@pytest.mark.engine
def test_what_a_proof_could_not_teach_is_said(
    prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", model, "-c", "4096", "--json"]) == 0
    assert not {"speed-not-learned", "overhead-not-learned"} & set(note_codes(capsys.readouterr().out))
    prover.tells_memory = False
    assert main(["probe", model, "-c", "4096", "--json"]) == 0
    codes = note_codes(capsys.readouterr().out)
    assert "overhead-not-learned" in codes
    assert "speed-not-learned" not in codes
    newest, before = History().records()
    assert newest.calibration is not None
    assert before.calibration is not None
    assert not newest.calibration.overhead_bytes
    assert before.calibration.overhead_bytes.keys() == {"CPU"}


@pytest.mark.engine
def test_a_proof_on_a_busy_computer_is_told_and_does_not_lower_what_was_learned(
    prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", model, "-c", "4096", "--json"]) == 0
    assert "slower-than-before" not in note_codes(capsys.readouterr().out)
    hardware = detect(())
    quiet = History().calibration(hardware)
    prover.speed = lambda n_ctx, depth: 20.0
    assert main(["probe", model, "-c", "2048", "--json"]) == 0
    assert "slower-than-before" in note_codes(capsys.readouterr().out)
    now = History().calibration(hardware)
    assert now.n_probes == 2
    assert now.decode_share["ram"] == pytest.approx(quiet.decode_share["ram"], rel=0.01)


@pytest.mark.engine
def test_people_get_a_table(prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", model, "-c", "4096"]) == 0
    text = capsys.readouterr().out
    for words in ("Safe here", "Limit: 4,096 tokens really worked; as asked for", "predicted", "measured"):
        assert words in text


@pytest.mark.engine
def test_a_history_that_cannot_be_written_loses_nothing(
    prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    history = History().path
    history.parent.mkdir(parents=True)
    history.mkdir()
    assert main(["probe", model, "-c", "4096", "--json"]) == 0
    captured = capsys.readouterr()
    assert lines(captured.out)[-1]["event"] == "result"
    assert "not kept in the history" in captured.err


@pytest.mark.engine
def test_nothing_that_works_is_exit_code_5(
    prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prover.limit = 0
    assert main(["probe", model, "-c", "1024", "--json"]) == 5
    assert lines(capsys.readouterr().out)[-1]["error"]["code"] == "nothing-worked"


@pytest.mark.engine
def test_ctrl_c_is_130_and_the_child_is_gone(
    prover: FakeProver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(call: str) -> None:
        if call == "fill":
            raise KeyboardInterrupt

    prover.during = interrupt
    assert main(["probe", model, "-c", "1024"]) == 130
    assert prover.is_closed


def test_the_live_line_says_what_is_known() -> None:
    memory = MemorySample(512 * MiB, 0, 600 * MiB, None, {})
    now = Event("filling", 3.0, 32768, 8192, 900.0, 27.3, memory, 600 * MiB, {"CUDA0": 1024 * MiB})
    assert line(now) == (
        "Filling 32,768 tokens · 8,192 filled · 512.0 MiB now, 600.0 MiB at most · CUDA0 1.0 GiB in use · "
        "900 tokens/s · 27 s left"
    )
    assert line(Event("planning", 0.0)) == "Asking llama.cpp where the limit should be"
    assert os.linesep not in line(now)
    assert line(Event("loading", 1.0, fraction=0.42)) == "Loading the model · 42%"
