from dataclasses import replace

import pytest

from advisor.errors import SettingsError, UsageError
from advisor.export.capabilities import CAPABILITIES
from advisor.export.choices import TARGETS
from advisor.export.registry import RENDERERS, render
from advisor.settings.load_settings import LoadSettings
from advisor.settings.runtimes import RUNTIMES
from tests.support.planning import a_model

SETTINGS = LoadSettings(n_ctx=8192, n_gpu_layers=33)


@pytest.mark.parametrize("name", ["", "sglang", "Ollama", "llama.cpp"])
def test_an_unknown_runtime_is_refused_and_the_known_are_named(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        render(name, SETTINGS, a_model(), model_path="x.gguf")
    assert all(runtime in caught.value.hint for runtime in TARGETS)


@pytest.mark.parametrize("words", [{"flavour": "loose"}, {"shell": "fish"}])
def test_an_unknown_flavour_or_shell_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="is not known"):
        render("ollama", SETTINGS, a_model(), model_path="x.gguf", **words)


@pytest.mark.parametrize("runtime", TARGETS)
@pytest.mark.parametrize("path", ["a\nFROM b", "a\0b", "\udcff.gguf"])
def test_a_path_that_cannot_be_written_down_is_refused(runtime: str, path: str) -> None:
    with pytest.raises(UsageError) as caught:
        render(runtime, SETTINGS, a_model(), model_path=path)
    assert caught.value.code == "cannot-quote"


def test_every_runtime_has_its_renderer_and_its_capabilities() -> None:
    assert list(RENDERERS) == list(TARGETS)
    assert set(CAPABILITIES) == set(TARGETS)
    assert {target.profile for target in TARGETS.values()} == set(RUNTIMES)


@pytest.mark.parametrize("runtime", TARGETS)
def test_every_export_says_what_it_is_for_and_how_it_was_checked(runtime: str) -> None:
    export = render(runtime, SETTINGS, a_model(), model_path="/m/x.gguf")
    assert export.runtime == runtime
    assert export.verified_with.endswith(".")
    assert "run" in export.verified_with or "loaded" in export.verified_with
    assert "Generated for" in export.files[0].text + " ".join(export.notes)
    assert export.files[0].text.endswith("\n")


@pytest.mark.parametrize(
    ("runtime", "change", "option"),
    [
        ("ollama", {"n_cpu_moe": 4}, "--n-cpu-moe"),
        ("ollama", {"offload_kqv": False}, "--no-kv-offload"),
        ("ollama", {"swa_full": True}, "--swa-full"),
        ("ollama", {"tensor_split": (3.0, 1.0)}, "--tensor-split"),
        ("lm-studio", {"swa_full": True}, "--swa-full"),
        ("lm-studio", {"main_gpu": 1}, "--main-gpu"),
        ("lm-studio", {"override_tensor": (("a", "CPU"),)}, "--override-tensor"),
        ("llama-cpp-python", {"n_seq_max": 2}, "--parallel"),
        ("llama-cpp-python", {"n_cpu_moe": 4}, "--n-cpu-moe"),
    ],
)
def test_what_a_runtime_has_no_word_for_is_said(runtime: str, change: dict[str, object], option: str) -> None:
    changed = replace(SETTINGS, **change)
    before = render(runtime, SETTINGS, a_model(), model_path="x.gguf").cannot_express
    after = render(runtime, changed, a_model(), model_path="x.gguf").cannot_express
    assert option not in {it.setting for it in before}
    assert option in {it.setting for it in after}
