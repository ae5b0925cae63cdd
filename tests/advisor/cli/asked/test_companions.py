"""--mmproj, --model-draft and --lora on the command line: bad files first, then what they add."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.main import main
from tests.support.companion_files import projector, query_adapter
from tests.support.shapes import write_shape

COMPUTER = ("--basis", "formula", "--gpu", "RTX 4070", "--ram", "32GiB")
OPTIONS = ("--mmproj", "--model-draft", "--lora")
LLAMA_LAYERS, LLAMA_WIDTH = 16, 2048


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_shape("llama-3.2-1b", tmp_path))


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str], str]:
    """Files by kind, in a folder of their own: nothing of it lies beside the model."""
    folder = tmp_path / "companions"
    folder.mkdir()
    make: dict[str, Callable[[Path], Path]] = {
        "projector": projector().write,
        "adapter": query_adapter(LLAMA_LAYERS, LLAMA_WIDTH).write,
        "model": lambda path: write_shape("llama-3.2-1b", folder).rename(path),
    }
    return lambda kind: str(make[kind](folder / f"{kind}.gguf"))


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Exit code and JSON document of one command."""
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and sentence of a command that has no answer."""
    code = main([*words])
    captured = capsys.readouterr()
    assert captured.out == ""
    sentence, hint = captured.err.splitlines()
    assert sentence.endswith(".")
    assert hint.endswith((".", ")."))
    return code, sentence


@pytest.mark.parametrize("verb", ["plan", "recommend"])
@pytest.mark.parametrize("option", OPTIONS)
def test_a_companion_that_cannot_be_read_is_one_sentence_and_code_3(
    verb: str, option: str, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = projector().build()
    contents = {
        "empty.gguf": b"",
        "text.gguf": b"only words, no tensors",
        "cut.gguf": whole[: len(whole) // 2],
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.gguf").mkdir()
    for name in (*contents, "folder.gguf", "absent.gguf"):
        code, sentence = refusal(capsys, verb, model, option, str(tmp_path / name), *COMPUTER)
        assert (code, name in sentence) == (3, True), name


@pytest.mark.parametrize(
    ("option", "kind", "what"),
    [
        ("--mmproj", "model", "is a language model, not a projector"),
        ("--mmproj", "adapter", "is a LoRA adapter, not a projector"),
        ("--model-draft", "projector", "is a vision or audio projector, not a language model"),
        ("--model-draft", "adapter", "is a LoRA adapter, not a language model"),
        ("--lora", "model", "is a language model, not a LoRA adapter"),
        ("--lora", "projector", "is a vision or audio projector, not a LoRA adapter"),
    ],
)
def test_a_companion_of_the_wrong_kind_is_named_for_what_it_is(
    option: str,
    kind: str,
    what: str,
    model: str,
    files: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, sentence = refusal(capsys, "plan", model, option, files(kind), *COMPUTER)
    assert (code, sentence) == (3, f"{kind}.gguf {what}.")


@pytest.mark.parametrize("verb", ["inspect", "plan", "recommend"])
def test_a_projector_given_as_the_model_points_to_its_option(
    verb: str, files: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, files("projector")]) == 3
    sentence, hint = capsys.readouterr().err.splitlines()
    assert "projector" in sentence
    assert "--mmproj" in hint


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--model-draft", "preset:no-such-model"], "no-such-model"),
        (["--model-draft", "preset:llama-3.2-1b", "-ctkd", "q4_K"], "--cache-type-k-draft"),
        (["--model-draft", "preset:llama-3.2-1b", "-fa", "off", "-ctvd", "q8_0"], "--cache-type-v-draft"),
        (["--model-draft", "preset:llama-3.2-1b", "-ngld", "many"], "--gpu-layers-draft"),
        (["--mmproj"], "--mmproj"),
        (["--lora"], "--lora"),
    ],
)
def test_what_cannot_be_asked_is_code_2_and_named(
    words: list[str], named: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, sentence = refusal(capsys, "plan", model, *COMPUTER, *words)
    assert code == 2
    assert named in sentence


def test_an_adapter_of_another_model_is_code_2(
    files: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(write_shape("llama-3.1-8b", tmp_path))
    code, sentence = refusal(capsys, "plan", other, "--lora", files("adapter"), *COMPUTER)
    assert code == 2
    assert sentence.startswith("--lora: adapter.gguf ")


def test_a_plan_counts_all_its_companions(
    model: str, files: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("plan", model, "-c", "8192", *COMPUTER)
    given = ("--mmproj", files("projector"), "-md", "preset:llama-3.2-1b", "--lora", files("adapter"))
    _, alone = answer(capsys, *words)
    code, document = answer(capsys, *words, *given)
    assert (code, alone["companions"]) == (0, [])
    kinds = {it["kind"] for it in document["companions"]}
    assert kinds == {"projector", "draft-model", "adapter"}
    for line, without in zip(document["memory"], alone["memory"], strict=True):
        here = [it for it in document["companions"] if it["device"] == line["device"]]
        assert line["companions_bytes"] == sum(it["bytes"] for it in here) > 0
        assert line["total_bytes"] == without["total_bytes"] + line["companions_bytes"]
        assert without["companions_bytes"] == 0
    assert [line["basis"]["companions"] for line in document["memory"]] == ["assumed", "formula"]
    assert all(it["reason"] for it in document["companions"])


def test_a_drafts_own_words_change_its_part_alone(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("plan", model, "-c", "8192", "-md", "preset:llama-3.2-1b", *COMPUTER)
    _, plain = answer(capsys, *words)
    _, on_cpu = answer(capsys, *words, "-ngld", "0")
    _, small = answer(capsys, *words, "-ctkd", "q8_0", "-ctvd", "q8_0")
    on_gpu, carried = (document["companions"][0] for document in (plain, on_cpu))
    assert (on_gpu["device"], on_gpu["reason"].split()[0]) == ("CUDA0", "weights")
    assert (carried["device"], carried["reason"].split()[0]) == ("CUDA0", "compute")  # large batches visit it
    of_cache = [document["companions"][0]["reason"].split(", ")[1] for document in (plain, small)]
    assert of_cache == ["KV cache 256.0 MiB (8,192 tokens", "KV cache 136.0 MiB (8,192 tokens"]
    assert plain["settings"] == on_cpu["settings"] == small["settings"]


def test_a_draft_may_be_a_file(
    model: str, files: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, document = answer(capsys, "plan", model, "-c", "4096", *COMPUTER, "--model-draft", files("model"))
    assert {it["kind"] for it in document["companions"]} == {"draft-model"}
    assert not [note for note in document["notes"] if note["code"].startswith("draft")]


def test_several_adapters_are_given_one_by_one_or_with_commas(
    model: str, files: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = files("adapter")
    second = str(query_adapter(LLAMA_LAYERS, LLAMA_WIDTH, rank=16).write(tmp_path / "with, a comma.gguf"))
    words = ("plan", model, "-c", "4096", *COMPUTER)
    _, apart = answer(capsys, *words, "--lora", first, "--lora", second)
    _, joined = answer(capsys, *words, "--lora", f"{first},{first}")
    per_rank = LLAMA_LAYERS * 2 * LLAMA_WIDTH * 4
    assert [it["bytes"] for it in apart["companions"]] == [8 * per_rank, 16 * per_rank]
    assert [it["bytes"] for it in joined["companions"]] == [8 * per_rank, 8 * per_rank]


def test_a_recommendation_leaves_room_for_them(
    tmp_path: Path, files: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_shape("llama-3.1-8b", tmp_path))
    words = ("recommend", model, *COMPUTER)
    _, alone = answer(capsys, *words)
    code, document = answer(capsys, *words, "-md", "preset:llama-3.2-1b", "--mmproj", files("projector"))
    assert code == 0
    for row, without in zip(document["alternatives"], alone["alternatives"], strict=True):
        assert 0 < row["n_ctx_max"] < without["n_ctx_max"]
    on_gpu = document["recommended"]["plan"]["memory"][0]
    assert on_gpu["companions_bytes"] > 0
    assert on_gpu["total_bytes"] <= on_gpu["usable_bytes"]


def test_a_projector_beside_the_model_is_said_until_it_is_counted(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def codes(*more: str) -> list[str]:
        _, document = answer(capsys, "plan", model, "-c", "4096", *COMPUTER, *more)
        return [note["code"] for note in document["notes"]]

    (tmp_path / "mmproj-broken.gguf").write_bytes(b"GGUF")
    assert "projector-nearby" not in codes()
    beside = str(projector().write(tmp_path / "mmproj-f16.gguf"))
    assert codes().count("projector-nearby") == 1
    assert "projector-nearby" not in codes("--mmproj", beside)


def test_a_preset_has_nothing_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    projector().write(tmp_path / "mmproj.gguf")
    monkeypatch.chdir(tmp_path)
    _, document = answer(capsys, "plan", "preset:llama-3.2-1b", "-c", "4096", *COMPUTER)
    assert "projector-nearby" not in [note["code"] for note in document["notes"]]


def test_people_see_a_row_for_each_kind_and_why(
    model: str, files: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--mmproj", files("projector"), "-md", "preset:llama-3.2-1b", "--lora", files("adapter"))
    for words in (["plan"], ["recommend", "--verbose"]):
        verb, *options = words
        assert main([verb, model, *COMPUTER, *options, *given]) == 0
        shown = capsys.readouterr().out
        for label in ("  projector ", "  draft model ", "  adapters ", "projector.gguf on CUDA0: "):
            assert label in shown, (verb, label)
        assert main([verb, model, *COMPUTER, *options]) == 0
        assert "  projector " not in capsys.readouterr().out


def test_the_page_has_them_in_a_column_of_their_own(
    model: str, files: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recommend", model, *COMPUTER, "--mmproj", files("projector")]) == 0
    shown = capsys.readouterr().out
    assert "beside it" in shown
    assert "projector.gguf on CUDA0: " in shown
    assert main(["recommend", model, *COMPUTER]) == 0
    assert "beside it" not in capsys.readouterr().out


@pytest.mark.engine
def test_the_engine_answers_for_the_model_and_the_formula_for_its_companions(
    model: str, files: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("plan", model, "-c", "4096", "--basis", "engine", "--runtime", "llama-cpp-python")
    _, alone = answer(capsys, *words)
    _, document = answer(capsys, *words, "--lora", files("adapter"))
    assert document["basis"] == "engine"
    host, without = document["memory"][-1], alone["memory"][-1]
    assert host["companions_bytes"] == LLAMA_LAYERS * 8 * 2 * LLAMA_WIDTH * 4
    assert host["basis"]["companions"] == "formula"
    assert host["weights_bytes"] == without["weights_bytes"]
    assert (host["mapped_file_bytes"], without["mapped_file_bytes"] > 0) == (0, True)


@pytest.mark.parametrize("n", ["0", "-1", "65"])
def test_a_number_of_predicted_tokens_that_cannot_be(n: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("plan", "preset:glm-4.5-air", "-c", "4096", "--basis", "formula", "--ram", "256GiB", "--mtp", n)
    assert main(list(words)) == 2
    assert "--mtp" in capsys.readouterr().err


def test_prediction_blocks_are_counted_when_they_are_on(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "preset:glm-4.5-air", "-c", "4096", "--basis", "formula", "--ram", "256GiB", "--json"]
    main(words)
    off = json.loads(capsys.readouterr().out)
    main([*words, "--mtp", "2"])
    on = json.loads(capsys.readouterr().out)
    assert "prediction-blocks" in [note["code"] for note in off["notes"]]
    assert "prediction-blocks" not in [note["code"] for note in on["notes"]]
    assert {entry["kind"] for entry in on["companions"]} == {"prediction"}
    assert on["memory"][-1]["total_bytes"] > off["memory"][-1]["total_bytes"]
