"""The nearest that a runtime can say, which is what is planned."""

from dataclasses import replace

import pytest

from advisor.errors import SettingsError
from advisor.export.capabilities import CAPABILITIES
from advisor.export.choices import TARGETS
from advisor.export.expressible import expressible, one_cache_type
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.rope import Rope
from tests.support.planning import a_model

FACTS = a_model()
APART = Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q4_0")


def settings_said(request: Request, to: str) -> set[str]:
    return {it.setting for it in expressible(request, to)[1]}


def test_one_type_for_both_is_the_one_that_takes_less() -> None:
    assert one_cache_type("q8_0", "q4_0") == one_cache_type("q4_0", "q8_0") == "q4_0"
    assert one_cache_type("f16", "q8_0") == "q8_0"
    assert one_cache_type("f32", "f16") == "f16"
    assert CACHE_TYPES[0] == "f32"  # the order is by size


@pytest.mark.parametrize("to", TARGETS)
def test_k_and_v_become_one_only_where_there_is_one(to: str) -> None:
    changed, why = expressible(APART, to)
    types = (changed.cache_type_k, changed.cache_type_v)
    if CAPABILITIES[to].one_cache_type:
        assert types == ("q4_0", "q4_0")
        assert "q8_0 and q4_0" in why[0].why
    else:
        assert types == ("q8_0", "q4_0")
        assert "--cache-type-k, --cache-type-v" not in {it.setting for it in why}


@pytest.mark.parametrize("to", TARGETS)
def test_a_plain_request_is_not_reported_upon(to: str) -> None:
    """But for what the program does by itself: Jan's own slots."""
    changed, why = expressible(
        Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0", flash_attn="on"), to
    )
    assert changed.runtime == TARGETS[to].profile
    assert {it.setting for it in why} == ({"--parallel"} if to == "jan" else set())
    assert resolve(changed, FACTS).n_ctx_per_slot == 8192


@pytest.mark.parametrize(
    ("to", "change", "option"),
    [
        ("ollama", {"n_cpu_moe": 4}, "--n-cpu-moe"),
        ("ollama", {"offload_kqv": False}, "--no-kv-offload"),
        ("ollama", {"override_tensor": (("a", "CPU"),)}, "--override-tensor"),
        ("lm-studio", {"swa_full": True}, "--swa-full"),
        ("lm-studio", {"devices": ("CUDA0",)}, "--device"),
        ("llama-cpp-python", {"n_cpu_moe": 4}, "--n-cpu-moe"),
        ("jan", {"rope": Rope(freq_base=1e6)}, "--rope-*, --yarn-*"),
        ("koboldcpp", {"op_offload": False}, "--no-op-offload"),
        ("jan", {"use_mmap": False}, "--load-mode none"),
        ("continue", {"override_tensor": (("output", "CPU"),)}, "--override-tensor"),
        ("docker-model-runner", {"override_tensor": (("a", "CPU"),)}, "--override-tensor"),
        ("continue", {"n_ubatch": 256}, "--ubatch-size"),
        ("aider", {"n_batch": 256}, "--batch-size"),
        ("open-webui", {"tensor_split": (3.0, 1.0)}, "--tensor-split"),
    ],
)
def test_what_has_no_word_is_said_and_not_planned(to: str, change: dict[str, object], option: str) -> None:
    plain = Request(n_ctx=8192)
    asked = replace(plain, **change)
    assert option in settings_said(asked, to)
    assert option not in settings_said(plain, to)
    assert resolve(expressible(asked, to)[0], FACTS) == resolve(expressible(plain, to)[0], FACTS)


def test_a_default_that_was_said_is_left_out_without_a_word() -> None:
    changed, why = expressible(Request(n_ctx=8192, offload_kqv=True, split_mode="layer"), "ollama")
    assert (changed.offload_kqv, changed.split_mode, why) == (None, None, ())


def test_layers_that_a_client_cannot_say() -> None:
    assert settings_said(Request(n_gpu_layers=20), "continue") == {"--n-gpu-layers"}


@pytest.mark.parametrize("to", ["koboldcpp", "llama-cpp-python"])
@pytest.mark.parametrize(
    "slots",
    [
        {"n_ctx": 4096, "users": 4},
        {"n_ctx": 16384, "n_seq_max": 4, "kv_unified": False},
        {"n_ctx": 4096, "n_seq_max": 4, "kv_unified": True},
    ],
)
def test_where_one_is_served_at_a_time_it_is_one_users_context(to: str, slots: dict[str, int]) -> None:
    changed, why = expressible(Request(**slots), to)
    settings = resolve(changed, FACTS)
    assert (settings.n_seq_max, settings.n_ctx) == (1, 4096)
    assert "--parallel" in {it.setting for it in why}


def test_jans_own_slots_are_planned() -> None:
    settings = resolve(expressible(Request(n_ctx=4096, users=2), "jan")[0], FACTS)
    assert (settings.n_seq_max, settings.kv_unified, settings.n_ctx) == (4, True, 8192)


def test_a_shared_cache_where_each_slot_has_its_own() -> None:
    asked = Request(n_ctx=4096, n_seq_max=2, kv_unified=True)
    assert settings_said(asked, "ollama") == {"--kv-unified"}
    assert resolve(expressible(asked, "ollama")[0], FACTS).n_ctx == 8192  # num_ctx is of one slot


@pytest.mark.parametrize(
    ("asked", "size", "is_said"),
    [
        (Request(), 512, False),
        (Request(n_batch=2048), 2048, False),
        (Request(n_ubatch=256), 256, False),
        (Request(n_batch=1024, n_ubatch=256), 256, True),
        (Request(n_ubatch=300), 256, True),
        (Request(n_ubatch=8), 16, True),
    ],
)
def test_one_size_for_both_batches(asked: Request, size: int, is_said: bool) -> None:
    changed, why = expressible(asked, "koboldcpp")
    assert (changed.n_batch, changed.n_ubatch) == (size, size)
    assert bool(why) == is_said


@pytest.mark.parametrize(
    ("to", "flash_attn", "is_said"), [("text-generation-webui", "on", True), ("koboldcpp", "off", False)]
)
def test_flash_attention_that_is_always_on(to: str, flash_attn: str, is_said: bool) -> None:
    changed, why = expressible(Request(flash_attn="off"), to)
    assert changed.flash_attn == flash_attn
    assert bool(why) == is_said
    assert expressible(Request(flash_attn="auto"), to)[0].flash_attn == "on"


@pytest.mark.parametrize(
    ("to", "cache_type_v", "flash_attn"),
    [("llama-cpp-python", "q8_0", "on"), ("llama-cpp-python", "f16", None), ("llama-server", "q8_0", None)],
)
def test_a_quantized_v_cache_is_given_its_flash_attention(
    to: str, cache_type_v: str, flash_attn: str | None
) -> None:
    """The export says it; left out, llama-cpp-python turns it off, and would not load."""
    changed, why = expressible(Request(cache_type_v=cache_type_v), to)
    assert (changed.flash_attn, why) == (flash_attn, ())
    assert resolve(changed, FACTS).cache_type_v == cache_type_v


def test_flash_attention_that_was_turned_off_stays_off() -> None:
    changed, _ = expressible(Request(cache_type_v="q8_0", flash_attn="off"), "llama-cpp-python")
    assert changed.flash_attn == "off"
    with pytest.raises(SettingsError, match="needs flash attention"):
        resolve(changed, FACTS)
