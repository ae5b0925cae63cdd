"""What is loaded beside a model: offered, counted everywhere, refused with a reason, dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from advisor.errors import GgufError, ModelFactsError, SettingsError
from advisor.memory.companions import NO_COMPANIONS, Draft
from advisor.memory.plan import CompanionKind
from advisor.model.projector import Projector
from advisor.settings.request import Request
from advisor.units import MiB
from tests.support import answers
from tests.support.companion_files import projector
from tests.support.fake_domain import FakeDomain, Gate
from tests.support.gguf_bytes import expand_head
from ui.charts.memory_layout import Part, segments
from ui.model.companions_panel import CompanionsPanel
from ui.session.answers import Answers
from ui.session.session import Session
from ui.session.state import Beside, ExportWish, OpenModel, Wishes
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]

FILE = Path("/models/gemma.gguf")
SMALL = Projector(Path("/models/mmproj-gemma-F16.gguf"), 812 * MiB, 815 * MiB)
LARGE = Projector(Path("/models/mmproj-gemma-F32.gguf"), 1624 * MiB, 1626 * MiB)
DRAFT = Draft(answers.model("Gemma 1B", path=Path("/models/draft.gguf"), weights_bytes=700 * MiB).facts)


@pytest.fixture
def domain() -> FakeDomain:
    made = FakeDomain(projectors={FILE.name: (SMALL, LARGE)})
    made.side_files = {SMALL.path.name: SMALL, LARGE.path.name: LARGE, "draft.gguf": DRAFT}
    return made


@pytest.fixture
def model(session: Session, settled: Settle) -> OpenModel:
    session.start()
    settled(session)
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    return session.current


@pytest.fixture
def panel(window: MainWindow, model: OpenModel) -> CompanionsPanel:
    return window.page.settings.companions


def counted_bytes(model: OpenModel) -> int:
    assert model.plan is not None
    return sum(line.companions_bytes for line in model.plan.memory)


# --- the session


def test_what_lies_beside_is_offered_and_not_counted(model: OpenModel) -> None:
    assert model.beside.offered == (SMALL, LARGE)
    assert model.beside.counted is NO_COMPANIONS
    assert counted_bytes(model) == 0


@pytest.mark.parametrize("runtime", ["ollama", "lm-studio"])
def test_a_runtime_that_loads_it_always_has_it_counted(
    session: Session, domain: FakeDomain, settled: Settle, runtime: str
) -> None:
    domain.runtimes_of_files[FILE.name] = runtime
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert counted_bytes(session.current) == SMALL.weights_bytes


def test_a_projector_takes_its_part_of_the_context_and_gives_it_back(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    assert model.recommendation is not None
    alone = model.recommendation.n_ctx
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    beside = model.recommendation.n_ctx
    session.accompanying.use_projector(model, None)
    settled(session)
    assert beside < alone
    assert model.recommendation.n_ctx == alone
    assert counted_bytes(model) == 0


def test_the_users_own_settings_are_kept_and_counted_anew(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    session.choose(Request(n_ctx=4096))
    settled(session)
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    assert model.choice is not None
    assert model.choice.request == Request(n_ctx=4096)
    assert counted_bytes(model) == SMALL.weights_bytes
    assert model.choice.companions is model.beside.counted


def test_a_draft_model_is_counted_beside_the_projector_and_left_again(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    assert session.computer.planned is not None
    session.accompanying.use_projector(model, SMALL)
    session.accompanying.open_draft(model, Path("/models/draft.gguf"), session.computer.planned)
    settled(session)
    assert counted_bytes(model) == SMALL.weights_bytes + DRAFT.facts.file_bytes
    session.accompanying.leave_draft(model)
    settled(session)
    assert counted_bytes(model) == SMALL.weights_bytes


def test_what_cannot_be_read_is_said_and_changes_nothing(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    domain.side_files["x.gguf"] = GgufError("x.gguf is not a projector.", hint="Choose another file.")
    session.accompanying.open_projector(model, Path("/models/x.gguf"))
    settled(session)
    assert model.beside.error is domain.side_files["x.gguf"]
    assert counted_bytes(model) == SMALL.weights_bytes
    session.accompanying.use_projector(model, LARGE)
    settled(session)
    assert model.beside.error is None


def test_a_draft_that_cannot_draft_is_refused_with_its_reason(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    refusal = SettingsError("--model-draft", "BERT does not write text.", hint="Give another.")
    domain.side_files["bert.gguf"] = refusal
    assert session.computer.planned is not None
    session.accompanying.open_draft(model, Path("/models/bert.gguf"), session.computer.planned)
    settled(session)
    assert model.beside.error is refusal
    assert model.error is None
    assert model.recommendation is not None


def test_looking_again_keeps_what_was_chosen(session: Session, model: OpenModel, settled: Settle) -> None:
    session.accompanying.use_projector(model, LARGE)
    settled(session)
    session.look_again()
    settled(session)
    assert model.beside.counted.projector == LARGE
    assert counted_bytes(model) == LARGE.weights_bytes


def test_what_is_chosen_while_the_file_is_read_again_stays(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle, qtbot: QtBot
) -> None:
    gate = domain.read_gate = Gate()
    session.look_again()
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    session.accompanying.use_projector(model, SMALL)
    gate.open()
    settled(session)
    assert model.beside.counted.projector == SMALL
    assert counted_bytes(model) == SMALL.weights_bytes


def test_a_proof_keeps_their_memory_free(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    session.prove()
    settled(session)
    assert [beside.projector for beside in domain.proved_beside] == [SMALL]


def test_the_export_names_the_projector_and_the_draft_model(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    assert session.computer.planned is not None
    session.accompanying.use_projector(model, SMALL)
    session.accompanying.open_draft(model, Path("/models/draft.gguf"), session.computer.planned)
    settled(session)
    found: list[str] = []
    session.exporting.show(
        "llama-server",
        lambda shown: found.extend(it.export.files[0].text for it in shown.variants.values()),
        pytest.fail,
    )
    settled(session)
    assert found
    for text in found:
        assert str(SMALL.path) in text
        assert "/models/draft.gguf" in text


# --- opened and dropped


def test_a_projector_that_is_opened_goes_with_the_shown_model(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    assert session.open_paths([LARGE.path]) == []
    settled(session)
    assert session.models == [model]
    assert model.beside.counted.projector == LARGE
    assert counted_bytes(model) == LARGE.weights_bytes


def test_one_that_comes_with_a_model_goes_with_that(session: Session, settled: Settle) -> None:
    session.start()
    session.open_paths([SMALL.path, FILE])
    settled(session)
    assert [model.path for model in session.models] == [FILE]
    assert session.current is not None
    assert counted_bytes(session.current) == SMALL.weights_bytes


def test_one_by_another_name_is_recognized_by_its_content(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    eyes = Path("/models/gemma-eyes.gguf")
    domain.side_files[eyes.name] = replace(SMALL, path=eyes)
    read = domain.read

    def refuses(path: Path) -> object:
        if path == eyes:
            raise ModelFactsError("It is a projector.", hint="Open the model.", code="not-a-model")
        return read(path)

    monkeypatch.setattr(domain, "read", refuses)
    session.open_paths([eyes])
    settled(session)
    assert session.models == [model]
    assert session.current is model
    assert model.beside.counted.projector is not None
    assert model.beside.counted.projector.path == eyes
    assert counted_bytes(model) == SMALL.weights_bytes


def test_without_a_model_it_says_what_it_is(session: Session, domain: FakeDomain, settled: Settle) -> None:
    domain.read_error = ModelFactsError("It is a projector.", hint="Open the model.", code="not-a-model")
    session.start()
    session.open_paths([SMALL.path])
    settled(session)
    assert session.current is not None
    assert session.current.error is not None
    assert session.current.error.message == "It is a projector."
    assert session.current.error.hint.startswith("Open its model, then drop this file")


# --- on the page


def test_the_panel_offers_counts_and_says_what_it_takes(
    panel: CompanionsPanel, model: OpenModel, session: Session, settled: Settle, theme: Theme
) -> None:
    words = [panel.projector.itemText(i) for i in range(panel.projector.count())]
    assert words == ["not loaded", "mmproj-gemma-F16", "mmproj-gemma-F32", "Choose a file\u2026"]
    assert panel.projector.currentIndex() == 0
    assert "about 1.3 GiB more" in panel.remark.text()
    panel.projector.setCurrentIndex(1)
    panel.projector.activated.emit(1)
    settled(session)
    assert model.beside.counted.projector == SMALL
    assert panel.projector.currentText() == "mmproj-gemma-F16"
    assert panel.remark.text() == "Counted: projector 812.0 MiB"
    panel.projector.setCurrentIndex(0)
    panel.projector.activated.emit(0)
    settled(session)
    assert model.beside.counted.projector is None


def test_a_draft_model_is_chosen_from_a_file_and_left_out_again(
    panel: CompanionsPanel,
    model: OpenModel,
    session: Session,
    settled: Settle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = iter(["", "/models/draft.gguf"])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (next(names), ""))
    for wanted in ("none", "Gemma 1B"):  # the first time the dialog is left without a file
        panel.draft.setCurrentIndex(panel.draft.count() - 1)
        panel.draft.activated.emit(panel.draft.count() - 1)
        settled(session)
        assert panel.draft.currentText() == wanted
    assert "draft model 704.0 MiB" in panel.remark.text()
    panel.draft.setCurrentIndex(0)
    panel.draft.activated.emit(0)
    settled(session)
    assert model.beside.counted.draft is None
    assert panel.draft.currentText() == "none"


def test_a_refusal_is_said_in_the_panel(
    panel: CompanionsPanel, domain: FakeDomain, model: OpenModel, session: Session, settled: Settle
) -> None:
    domain.side_files["mmproj-x.gguf"] = GgufError("mmproj-x.gguf is cut off.", hint="Download it again.")
    session.open_paths([Path("/models/mmproj-x.gguf")])
    settled(session)
    assert panel.problem.isVisible()
    assert panel.problem.text() == "mmproj-x.gguf is cut off. Download it again."
    assert model.recommendation is not None


def test_the_memory_bar_has_a_piece_for_them(session: Session, model: OpenModel, settled: Settle) -> None:
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    assert model.plan is not None
    [piece] = [it for it in segments(model.plan.memory[0]) if it.part is Part.COMPANIONS]
    assert piece.n_bytes == SMALL.weights_bytes
    assert piece.basis is not None


# --- the real domain


@pytest.fixture
def real() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model with its projector, and another model's projector beside it."""
    expand_head("qwen2-dense", tmp_path).rename(tmp_path / "qwen-Q4_K_M.gguf")
    expand_head("gpt2-dense", tmp_path).rename(tmp_path / "other-Q4_K_M.gguf")
    for name in ("mmproj-qwen-F16.gguf", "mmproj-other-F16.gguf"):
        projector().write(tmp_path / name)
    return tmp_path


def test_really_offered_is_what_goes_with_the_model(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    found = real.companions.beside(facts, None)
    assert [it.name for it in found.offered] == ["mmproj-qwen-F16.gguf"]
    assert found.counted is NO_COMPANIONS
    assert real.companions.beside(facts, "lm-studio").counted.projector == found.offered[0]


def test_really_counted_in_every_answer(real: Answers, folder: Path) -> None:
    facts = replace(real.models.read(folder / "qwen-Q4_K_M.gguf"), n_ctx_train=32768)
    hardware = answers.computer(answers.gpu())
    beside = real.companions.with_projector(NO_COMPANIONS, folder / "mmproj-qwen-F16.gguf")
    with_draft = real.companions.with_draft(facts, hardware, beside, folder / "qwen-Q4_K_M.gguf")
    goal = real.goals.known().all["chat"]
    plans = [
        real.models.by_formula(facts, Wishes(hardware, goal, "llama-server", companions=with_draft)).plan,
        real.models.estimate(facts, hardware, Request(n_ctx=1024), with_draft),
        real.models.confirm(facts, hardware, Request(n_ctx=1024), with_draft).plan,
    ]
    for plan in plans:
        kinds = {companion.kind for companion in plan.companions}
        assert kinds == {CompanionKind.PROJECTOR, CompanionKind.DRAFT_MODEL}
    made = real.models.export(
        facts, hardware, plans[1].settings, ExportWish("llama-server"), companions=with_draft
    )
    assert "mmproj-qwen-F16.gguf" in made.export.files[0].text


def test_really_refused(real: Answers, folder: Path) -> None:
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    with pytest.raises(ModelFactsError):
        real.companions.with_projector(NO_COMPANIONS, folder / "qwen-Q4_K_M.gguf")
    with pytest.raises(ModelFactsError):
        real.companions.with_draft(facts, answers.computer(), NO_COMPANIONS, folder / "mmproj-qwen-F16.gguf")


def test_a_projector_that_is_gone_is_not_counted_any_more(real: Answers, folder: Path) -> None:
    path = folder / "mmproj-qwen-F16.gguf"
    facts = real.models.read(folder / "qwen-Q4_K_M.gguf")
    before = Beside(counted=real.companions.with_projector(NO_COMPANIONS, path))
    same = real.companions.still_there(before, real.companions.beside(facts, None))
    assert same.counted == before.counted
    assert same.error is None
    path.unlink()
    gone = real.companions.still_there(before, real.companions.beside(facts, None))
    assert gone.counted.projector is None
    assert gone.error is not None
    assert gone.offered == ()
