import json
from pathlib import Path

import pytest

from advisor.cli.main import main
from advisor.errors import ModelError
from advisor.library import names
from advisor.library.installed import NOT_GGUF
from advisor.library.safetensors import is_safetensors_model
from advisor.library.stores import folders
from tests.support.model_stores import places


def mlx_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"quantization": {"group_size": 64, "bits": 4}}))
    (folder / "model-00001-of-00002.safetensors").write_bytes(b"x" * 100)
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"x" * 50)
    return folder


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["config.json", "model.safetensors"], True),
        (["config.json", "MODEL.SAFETENSORS"], True),
        (["model.safetensors"], False),
        (["config.json", "model.gguf"], False),
        ([], False),
    ],
)
def test_only_tensors_with_a_config_are_a_model(files: list[str], expected: bool) -> None:
    assert is_safetensors_model(files) is expected


def test_a_folder_of_ones_own_lists_it_as_no_gguf(tmp_path: Path) -> None:
    folder = mlx_model(tmp_path / "hub" / "models--mlx-community--X" / "snapshots" / "abc")
    (model,) = folders.find([tmp_path]).models
    assert (model.path, model.format, model.size_bytes) == (folder, NOT_GGUF, 150)
    assert "not a GGUF" in str(model.problem)


def test_its_folder_is_refused_with_that_sentence(tmp_path: Path) -> None:
    folder = mlx_model(tmp_path / "mlx")
    with pytest.raises(ModelError, match="not a GGUF") as caught:
        names.model_path(str(folder), names.Installed(places(tmp_path)))
    assert caught.value.code == "not-gguf"
    assert "convert" in caught.value.hint


def test_its_name_in_lm_studio_is_refused_with_that_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mlx_model(Path.home() / ".lmstudio" / "models" / "mlx-community" / "X-4bit")
    assert main(["plan", "mlx-community/X-4bit", "--basis", "formula"]) == 3
    assert "not a GGUF" in capsys.readouterr().err
