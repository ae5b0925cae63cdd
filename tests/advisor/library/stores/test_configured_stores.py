"""Stores whose models are named by a configuration: Jan, LocalAI, KoboldCpp, and those of a fixed folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.library.files import identity
from advisor.library.installed import PARTIAL, InstalledModel
from advisor.library.stores import gpt4all, jan, kobold_cpp, local_ai, text_generation_webui
from tests.support.model_stores import add_file, places

JAN = {
    "linux": ".local/share/Jan/data",
    "darwin": "Library/Application Support/Jan/data",
    "win32": "AppData/Roaming/Jan/data",
}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "names no file"),
        (b"name: x\n", "names no file"),
        (b"\xff\xfe", "it is not text"),
        (b"model_path: gone.gguf\n", "gone.gguf is missing"),
        (b"model_path: 'no\0name.gguf'\n", "cannot be read"),
        (b"model_path: model-00001-of-00002.gguf\n", "was not found"),
    ],
)
def test_a_broken_model_yml_is_a_model_with_a_problem(content: bytes, reason: str, tmp_path: Path) -> None:
    add_file(tmp_path / JAN["linux"], "llamacpp/models/broken/model.yml", content)
    (model,) = jan.find(places(tmp_path)).models
    assert (model.name, model.size_bytes) == ("broken", 0)
    assert model.problem is not None
    assert reason in model.problem


@pytest.mark.parametrize("system", list(JAN))
def test_jans_models_are_called_by_their_ids(system: str, tmp_path: Path) -> None:
    data = tmp_path / JAN[system]
    inside = add_file(data, "llamacpp/models/me/model/model.gguf", b"GGUF")
    projector = add_file(data, "llamacpp/models/me/model/mmproj.gguf", b"GGUF")
    imported = add_file(tmp_path, "elsewhere/own.gguf", b"GGUF12")
    config = (
        "model_path: llamacpp/models/me/model/model.gguf\nmmproj_path: llamacpp/models/me/model/mmproj.gguf\n"
    )
    add_file(data, "llamacpp/models/me/model/model.yml", config.encode())
    add_file(
        data, "llamacpp/models/own/model.yml", f"model_path: {json.dumps(str(imported))} # mine\n".encode()
    )
    first, second = jan.find(places(tmp_path, system=system)).models
    assert (first.name, first.path, first.projectors) == ("me/model", inside, (projector,))
    assert (second.name, second.path, second.size_bytes) == ("own", imported, 6)


def test_jans_data_may_have_been_moved_and_broken_settings_are_named(tmp_path: Path) -> None:
    settings = add_file(
        tmp_path,
        ".config/jan.ai.app/settings.json",
        json.dumps({"data_folder": str(tmp_path / "big")}).encode(),
    )
    model = add_file(tmp_path / "big", "llamacpp/models/x/x.gguf", b"GGUF")
    add_file(tmp_path / "big", "llamacpp/models/x/model.yml", b"model_path: llamacpp/models/x/x.gguf\n")
    assert [found.path for found in jan.find(places(tmp_path)).models] == [model]
    settings.write_text("{")
    found = jan.find(places(tmp_path))
    assert found.models == ()
    assert found.unreadable[0].sentence == "Jan's settings (settings.json) cannot be read: it is not JSON."


@pytest.mark.parametrize(
    ("system", "folder"),
    [
        ("linux", ".local/share/nomic.ai/GPT4All"),
        ("darwin", "Library/Application Support/nomic.ai/GPT4All"),
        ("win32", "AppData/Local/nomic.ai/GPT4All"),
        ("linux", ".cache/gpt4all"),
    ],
)
def test_gpt4all_keeps_models_flat(system: str, folder: str, tmp_path: Path) -> None:
    add_file(tmp_path / folder, "Llama-3.gguf", b"GGUF")
    add_file(tmp_path / folder, "incomplete-Phi-3.gguf", b"GG")
    found = gpt4all.find(places(tmp_path, system=system))
    assert [model.name for model in found.models] == ["Llama-3.gguf"]
    assert [file.kind for file in found.left_out] == [PARTIAL]


@pytest.mark.parametrize("spelled", ["{}", '"{}"', "{}/\\x42"])
def test_gpt4alls_settings_say_where(spelled: str, tmp_path: Path) -> None:
    folder = tmp_path / "größe"
    said = spelled.format(folder)
    add_file(tmp_path, ".config/nomic.ai/GPT4All.ini", f"[General]\nmodelPath={said}\n[x]\ny=1\n".encode())
    add_file(folder / ("B" if "x42" in spelled else ""), "moved.gguf", b"GGUF")
    assert [model.name for model in gpt4all.find(places(tmp_path)).models] == ["moved.gguf"]


@pytest.mark.parametrize(
    "content", [b"modelPath=relative\n", b"modelPath=\n", b"\xff\xfe", b" " * (1024 * 1024 + 1)]
)
def test_broken_settings_of_gpt4all_leave_the_usual_folder(content: bytes, tmp_path: Path) -> None:
    add_file(tmp_path, ".config/nomic.ai/GPT4All.ini", content)
    add_file(tmp_path, ".local/share/nomic.ai/GPT4All/usual.gguf", b"GGUF")
    found = gpt4all.find(places(tmp_path))
    assert [model.name for model in found.models] == ["usual.gguf"]
    assert len(found.unreadable) == (0 if content.startswith(b"modelPath") else 1)


@pytest.mark.parametrize("place", ["", "Downloads/", "src/"])
@pytest.mark.parametrize("inside", ["user_data/models", "models"])
def test_text_generation_webui_is_found_by_its_name(place: str, inside: str, tmp_path: Path) -> None:
    add_file(tmp_path, f"{place}text-generation-webui-3.5/{inside}/a/model.gguf", b"GGUF")
    add_file(tmp_path, f"{place}other-program/{inside}/model.gguf", b"GGUF")
    assert [model.name for model in text_generation_webui.find(places(tmp_path)).models] == ["a/model.gguf"]


def test_localais_names_are_those_of_its_configurations(tmp_path: Path) -> None:
    top = tmp_path / "models-of-localai"
    add_file(top, "a.gguf", b"GGUF")
    add_file(top, "plain.gguf", b"GGUF1")
    add_file(top, "mmproj-a.gguf", b"GGUF")
    add_file(
        top, "a.yaml", b'name: "my model"\nmmproj: mmproj-a.gguf\nparameters:\n  model: a.gguf\n  top_k: 40\n'
    )
    add_file(top, "gone.yaml", b"name: gone\nparameters:\n  model: gone.gguf\n")
    add_file(top, "other.yaml", b"name: other\nbackend: vllm\nparameters:\n  model: me/other\n")
    add_file(top, "link.yaml", b"name: link\nparameters:\n  model: huggingface://me/it/a.gguf\n")
    add_file(top, "broken.yaml", b"\xff\xff")
    found = {it.name: it for it in local_ai.find(places(tmp_path, LOCALAI_MODELS_PATH=str(top))).models}
    assert set(found) == {"my model", "gone", "plain.gguf"}
    assert (found["my model"].path, found["my model"].problem) == (top / "a.gguf", None)
    assert [path.name for path in found["my model"].projectors] == ["mmproj-a.gguf"]
    assert found["gone"].problem is not None


def test_localais_usual_places(tmp_path: Path) -> None:
    here = places(tmp_path)
    add_file(tmp_path, ".localai/models/own.gguf", b"GGUF")
    add_file(here.root, "usr/share/local-ai/models/service.gguf", b"GGUF")
    assert [model.name for model in local_ai.find(here).models] == ["own.gguf", "service.gguf"]


def kobold(home: Path) -> list[InstalledModel]:
    return list(kobold_cpp.find(places(home)).models)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_broken_configuration_of_koboldcpp_is_a_model_with_a_problem(
    content: bytes, tmp_path: Path
) -> None:
    add_file(tmp_path, "mine.kcpps", content)
    (model,) = kobold(tmp_path)
    assert model.name == "mine.kcpps"
    assert "cannot be read" in str(model.problem)


@pytest.mark.parametrize(
    "content", [{}, {"model_param": ""}, {"model": []}, {"model_param": "https://x.org/a.gguf"}]
)
def test_a_configuration_without_a_file_is_no_model(content: object, tmp_path: Path) -> None:
    add_file(tmp_path, "mine.kcpps", json.dumps(content).encode())
    assert kobold(tmp_path) == []


def test_koboldcpps_configurations_name_models(tmp_path: Path) -> None:
    model = add_file(tmp_path, "big/model.gguf", b"GGUF")
    projector = add_file(tmp_path, "koboldcpp-1.100/mmproj.gguf", b"GGUF")
    beside = add_file(tmp_path, "koboldcpp-1.100/beside.gguf", b"GGUF1")
    whole = {"model": None, "model_param": str(model), "mmproj": str(projector), "contextsize": 8192}
    add_file(tmp_path, "Downloads/whole.kcpps", json.dumps(whole).encode())
    add_file(tmp_path, "koboldcpp-1.100/beside.kcpps", json.dumps({"model": ["beside.gguf"]}).encode())
    add_file(tmp_path, "koboldcpp-1.100/gone.kcpps", json.dumps({"model_param": "gone.gguf"}).encode())
    first, second, third = kobold(tmp_path)
    assert (first.name, first.path, first.projectors) == ("whole.kcpps", model, (projector,))
    assert identity(second.path) == identity(beside)
    assert third.problem is not None
