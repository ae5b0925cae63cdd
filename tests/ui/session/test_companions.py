"""What is loaded beside a model: offered, counted everywhere, refused with a reason, dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.errors import GgufError, ModelFactsError, SettingsError
from advisor.memory.companions import NO_COMPANIONS
from advisor.settings.request import Request
from advisor.units import MiB
from tests.support.companions import (
    DRAFT,
    DRAFT_FILE,
    FILE,
    LARGE,
    PIRATE,
    POET,
    SMALL,
    companions_bytes,
    domain_with_companions,
)
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.session.session import Session
from ui.session.state import OpenModel

Settle = Callable[[Session], None]


@pytest.fixture
def domain() -> FakeDomain:
    return domain_with_companions()


@pytest.fixture
def model(session: Session, settled: Settle) -> OpenModel:
    session.start()
    settled(session)
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    return session.current


def test_what_lies_beside_is_offered_and_not_counted(model: OpenModel) -> None:
    assert model.beside.offered == (SMALL, LARGE)
    assert model.beside.counted is NO_COMPANIONS
    assert companions_bytes(model.plan) == 0


@pytest.mark.parametrize("runtime", ["ollama", "lm-studio"])
def test_a_runtime_that_loads_it_always_has_it_counted(
    session: Session, domain: FakeDomain, settled: Settle, runtime: str
) -> None:
    domain.runtimes_of_files[FILE.name] = runtime
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert companions_bytes(session.current.plan) == SMALL.weights_bytes


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
    assert companions_bytes(model.plan) == 0


def test_the_users_own_settings_are_kept_and_counted_anew(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    session.choose(Request(n_ctx=4096))
    settled(session)
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    assert model.choice is not None
    assert model.choice.request == Request(n_ctx=4096)
    assert companions_bytes(model.plan) == SMALL.weights_bytes
    assert model.choice.companions is model.beside.counted


def test_a_draft_model_is_counted_beside_the_projector_and_left_again(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    session.accompanying.use_projector(model, SMALL)
    session.accompanying.open_draft(model, DRAFT_FILE)
    settled(session)
    assert companions_bytes(model.plan) == SMALL.weights_bytes + DRAFT.facts.file_bytes
    session.accompanying.leave_draft(model)
    settled(session)
    assert companions_bytes(model.plan) == SMALL.weights_bytes


def test_adapters_are_counted_one_beside_the_other_and_left_out_again(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    for it in (PIRATE, POET):
        session.accompanying.open_adapter(model, it.path)
        settled(session)
    assert model.beside.counted.adapters == (PIRATE, POET)
    assert companions_bytes(model.plan) == 2 * 32 * MiB
    session.accompanying.use_adapters(model, (POET,))
    settled(session)
    assert companions_bytes(model.plan) == 32 * MiB


def test_what_is_chosen_while_another_file_is_read_is_counted_with_it(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    session.accompanying.open_adapter(model, PIRATE.path)
    session.accompanying.open_adapter(model, POET.path)
    session.accompanying.use_projector(model, LARGE)
    settled(session)
    assert model.beside.counted.projector == LARGE
    assert set(model.beside.counted.adapters) == {PIRATE, POET}


def test_what_cannot_be_read_is_said_and_changes_nothing(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    domain.companions.side_files["x.gguf"] = GgufError(
        "x.gguf is not a projector.", hint="Choose another file."
    )
    session.accompanying.open_projector(model, Path("/models/x.gguf"))
    settled(session)
    assert model.beside.error is domain.companions.side_files["x.gguf"]
    assert companions_bytes(model.plan) == SMALL.weights_bytes
    session.accompanying.use_projector(model, LARGE)
    settled(session)
    assert model.beside.error is None


def test_a_draft_that_cannot_draft_is_refused_with_its_reason(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle
) -> None:
    refusal = SettingsError("--model-draft", "BERT does not write text.", hint="Give another.")
    domain.companions.side_files["bert.gguf"] = refusal
    session.accompanying.open_draft(model, Path("/models/bert.gguf"))
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
    assert companions_bytes(model.plan) == LARGE.weights_bytes


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
    assert companions_bytes(model.plan) == SMALL.weights_bytes


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
    session.accompanying.use_projector(model, SMALL)
    session.accompanying.open_draft(model, DRAFT_FILE)
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
        assert str(DRAFT_FILE) in text


# --- opened and dropped


def test_a_projector_that_is_opened_goes_with_the_shown_model(
    session: Session, model: OpenModel, settled: Settle
) -> None:
    assert session.open_paths([LARGE.path]) == []
    settled(session)
    assert session.models == [model]
    assert model.beside.counted.projector == LARGE
    assert companions_bytes(model.plan) == LARGE.weights_bytes


def test_one_that_comes_with_a_model_goes_with_that(session: Session, settled: Settle) -> None:
    session.start()
    session.open_paths([SMALL.path, FILE])
    settled(session)
    assert [model.path for model in session.models] == [FILE]
    assert session.current is not None
    assert companions_bytes(session.current.plan) == SMALL.weights_bytes


def test_one_by_another_name_is_recognized_by_its_content(
    session: Session, domain: FakeDomain, model: OpenModel, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    eyes = Path("/models/gemma-eyes.gguf")
    domain.companions.side_files[eyes.name] = replace(SMALL, path=eyes)
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
    assert companions_bytes(model.plan) == SMALL.weights_bytes


def test_an_adapter_goes_with_the_model_that_it_is_opened_after(
    session: Session,
    domain: FakeDomain,
    model: OpenModel,
    settled: Settle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = domain.read

    def refuses(path: Path) -> object:
        if path == PIRATE.path:
            raise ModelFactsError("It is a LoRA adapter.", hint="Use --lora.", code="not-a-model")
        return read(path)

    monkeypatch.setattr(domain, "read", refuses)
    session.open_paths([PIRATE.path])
    settled(session)
    assert session.models == [model]
    assert model.beside.counted.adapters == (PIRATE,)
    session.open_paths([Path("/models/two.gguf"), PIRATE.path])  # together with its model
    settled(session)
    assert [it.path.name for it in session.models] == ["gemma.gguf", "two.gguf"]
    assert session.current is session.models[1]
    assert session.current.beside.counted.adapters == (PIRATE,)
    assert model.beside.counted.adapters == (PIRATE,)


@pytest.mark.parametrize("holds_back", [True, False])
def test_several_that_come_together_all_go_with_the_model(
    session: Session,
    domain: FakeDomain,
    model: OpenModel,
    settled: Settle,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    holds_back: bool,
) -> None:
    """Whichever of them is read first."""
    eyes, gate = replace(SMALL, path=Path("/models/eyes.gguf")), Gate()
    domain.companions.side_files[eyes.path.name] = eyes
    read = domain.read

    def refuses(path: Path) -> object:
        if path == PIRATE.path and holds_back:
            gate.pass_through()
        if path in {PIRATE.path, eyes.path}:
            raise ModelFactsError("It goes with a model.", hint="Use --lora.", code="not-a-model")
        return read(path)

    monkeypatch.setattr(domain, "read", refuses)
    _, second = session.open_paths([PIRATE.path, eyes.path])
    if holds_back:
        qtbot.waitUntil(lambda: second.error is not None, timeout=20_000)
        gate.open()
    settled(session)
    assert session.models == [model]
    assert session.current is model
    assert model.beside.counted.adapters == (PIRATE,)
    assert model.beside.counted.projector == eyes


def test_without_a_model_it_says_what_it_is(session: Session, domain: FakeDomain, settled: Settle) -> None:
    domain.read_error = ModelFactsError("It is a projector.", hint="Use --mmproj.", code="not-a-model")
    session.start()
    session.open_paths([SMALL.path])
    settled(session)
    assert session.current is not None
    assert session.current.error is not None
    assert session.current.error.message == "It is a projector."
    assert session.current.error.hint.startswith("Open its model, then drop this file")
