"""The engine that is installed: absent, broken, unfit, or sound, with another library or another backend."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.launch import Launch
from advisor.engine.protocol import OpenModel
from advisor.errors import EngineError, EngineMissing, EngineUnfit
from advisor.settings.load_settings import LoadSettings
from tests.support.engines import with_bindings

pytestmark = pytest.mark.usefixtures("nothing_left")


def failure(launch: Launch) -> EngineError:
    """What a context's question raises."""
    with EngineClient(launch) as client, pytest.raises(EngineError) as raised:
        client.context(LoadSettings(n_ctx=4096))
    return raised.value


@pytest.mark.parametrize(
    ("bindings", "code", "says"),
    [
        ("import a_module_that_is_not_there", "engine-missing", "a_module_that_is_not_there"),
        (
            "raise RuntimeError('libcudart.so.12: cannot open shared object file: No such file')",
            "engine-library-missing",
            "libcudart.so.12",
        ),
        (
            "raise FileNotFoundError('Shared library with base name llama not found')",
            "engine-missing",
            "base name",
        ),
        ("raise AttributeError('libllama.so: undefined symbol: llama_x')", "engine-unfit", "llama_x"),
        ("_lib = None", "engine-unfit", "too old"),
        ("import os; os._exit(1)", "engine-exited", "exit code 1"),
        ("import os; os.kill(os.getpid(), 4)", "engine-wrong-processor", "newer processor"),
    ],
)
def test_bindings_that_do_not_load_are_a_sentence(
    tmp_path: Path, bindings: str, code: str, says: str
) -> None:
    error = failure(with_bindings(tmp_path, bindings))
    assert error.code == code
    assert says in error.message


def test_an_engine_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "llama_cpp.py").write_text("")  # hides the package: there is no llama_cpp.llama_cpp here
    error = failure(Launch(environment={"PYTHONPATH": str(tmp_path)}))
    assert type(error) is EngineMissing
    assert "not installed" in error.message
    assert "pip install" in error.hint


def test_an_engine_that_could_not_load_is_started_again_for_the_next_question(tmp_path: Path) -> None:
    module = tmp_path / "llama_cpp.py"
    module.write_text("")
    with EngineClient(Launch(environment={"PYTHONPATH": str(tmp_path)})) as client:
        with pytest.raises(EngineMissing, match="not installed"):
            client.hello()
        assert client.pid is None
        module.unlink()
        with_bindings(tmp_path, "_lib = None")
        (tmp_path / "path" / "llama_cpp").rename(tmp_path / "llama_cpp")
        assert client.hello().unfit


def test_an_unfit_engine_can_be_asked_who_it_is(tmp_path: Path) -> None:
    with EngineClient(with_bindings(tmp_path, "_lib = None")) as client:
        info = client.hello()
        assert info.unfit
        assert info.binding == "0.0.1"
        with pytest.raises(EngineUnfit):
            client.open(OpenModel(path="model.gguf"))


# ---- the engine itself ------------------------------------------------------------------------------


@pytest.mark.engine
def test_the_engine_says_who_it_is() -> None:
    with EngineClient() as client:
        info = client.hello()
    assert info.unfit is None
    assert "CPU" in info.backends
    assert info.devices[-1].type == "cpu"
    assert info.devices[-1].total_bytes > 0
    assert info.executable == sys.executable
    assert info.binding
    assert Path(info.library).is_file()


@pytest.mark.engine
def test_another_library_is_loaded_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    with EngineClient() as client:
        folder.symlink_to(Path(client.hello().library).parent)
    with EngineClient(Launch(library_dir=folder)) as client:
        assert Path(client.hello().library).parent == folder
    (tmp_path / "empty").mkdir()
    with EngineClient(Launch(library_dir=tmp_path / "empty")) as client, pytest.raises(EngineMissing):
        client.hello()


@pytest.mark.engine
def test_a_backend_library_that_cannot_be_loaded_is_noted(tmp_path: Path) -> None:
    launch = Launch(environment={"GGML_BACKEND_PATH": str(tmp_path / "libggml-none.so")})
    with EngineClient(launch) as client:
        (note,) = client.hello().notes
    assert "libggml-none.so" in note
