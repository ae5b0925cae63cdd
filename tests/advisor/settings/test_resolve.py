from dataclasses import replace

import pytest

from advisor.errors import SettingsError
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.resolve import asked_n_ctx, resolve
from advisor.settings.runtimes import RUNTIMES
from tests.support.planning import a_model


@pytest.mark.parametrize(
    ("request_", "option"),
    [
        (Request(n_ctx=0), "--ctx-size"),
        (Request(n_ctx=-5), "--ctx-size"),
        (Request(n_ctx=2**31), "--ctx-size"),
        (Request(n_batch=0), "--batch-size"),
        (Request(n_ubatch=-1), "--ubatch-size"),
        (Request(n_seq_max=257), "--parallel"),
        (Request(users=0), "--users"),
        (Request(users=2, n_seq_max=3), "--users"),
        (Request(n_gpu_layers=-2), "--n-gpu-layers"),
        (Request(n_cpu_moe=-1), "--n-cpu-moe"),
        (Request(main_gpu=-1), "--main-gpu"),
        (Request(cache_type_k="q4_K"), "--cache-type-k"),
        (Request(cache_type_v="f8"), "--cache-type-v"),
        (Request(flash_attn="maybe"), "--flash-attn"),
        (Request(split_mode="rows"), "--split-mode"),
        (Request(tensor_split=(1.0, -1.0)), "--tensor-split"),
        (Request(tensor_split=(float("nan"),)), "--tensor-split"),
        (Request(runtime="vim"), "--runtime"),
        (Request(cache_type_v="q8_0", flash_attn="off"), "--cache-type-v"),
        (Request(runtime="llama-cpp-python", cache_type_v="q8_0"), "--cache-type-v"),
        (Request(runtime="ollama", cache_type_k="q8_0", cache_type_v="f16"), "--cache-type-v"),
    ],
)
def test_what_cannot_be_is_refused_and_the_option_named(request_: Request, option: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve(request_, a_model())
    assert caught.value.option == option
    assert caught.value.hint.endswith(".")


def test_a_learned_position_table_is_a_hard_limit() -> None:
    with pytest.raises(SettingsError, match="1,024 positions"):
        resolve(Request(n_ctx=2048), replace(a_model(1024), n_position_rows=1024))
    assert resolve(Request(n_ctx=1024), replace(a_model(1024), n_position_rows=1024)).n_ctx == 1024


def test_without_a_context_it_is_the_training_context_down_to_256() -> None:
    assert resolve(Request(), a_model(32000)).n_ctx == 31 * 1024 + 256
    assert resolve(Request(), a_model(100)).n_ctx == 256


def test_the_same_words_mean_four_different_loads() -> None:
    loads = {name: resolve(Request(runtime=name, n_ctx=8192), a_model()) for name in RUNTIMES}
    assert {name: load.n_seq_max for name, load in loads.items()} == {
        "llama-server": 1,
        "ollama": 1,
        "lm-studio": 4,
        "llama-cpp-python": 1,
    }
    assert loads["llama-server"].n_outputs_max == 1
    assert loads["llama-cpp-python"].n_outputs_max == 512  # every token of a batch gets its logits
    assert loads["llama-cpp-python"].swa_full
    assert loads["llama-cpp-python"].flash_attn == "off"
    assert (loads["ollama"].n_batch, loads["ollama"].n_ubatch) == (1024, 1024)
    assert (loads["llama-server"].n_batch, loads["llama-server"].n_ubatch) == (2048, 512)


@pytest.mark.parametrize(("num_ctx", "batch"), [(4096, 512), (4352, 1024), (32768, 1024), (33024, 2048)])
def test_ollamas_batch_follows_the_context(num_ctx: int, batch: int) -> None:
    load = resolve(Request(runtime="ollama", n_ctx=num_ctx), a_model(131072))
    assert (load.n_batch, load.n_ubatch) == (batch, batch)


def test_ollamas_num_ctx_is_one_slots_share() -> None:
    request = Request(runtime="ollama", n_ctx=8192, n_seq_max=4)
    load = resolve(request, a_model())
    assert (load.n_ctx, load.n_ctx_per_slot) == (32768, 8192)
    assert asked_n_ctx(request, load) == 8192


def test_naming_slots_splits_llama_servers_cache() -> None:
    split = resolve(Request(n_ctx=8192, n_seq_max=4), a_model())
    unified = resolve(Request(n_ctx=8192, n_seq_max=4, kv_unified=True), a_model())
    assert (split.n_ctx, split.n_ctx_per_slot) == (8192, 2048)
    assert (unified.n_ctx, unified.n_ctx_per_slot) == (8192, 8192)


def test_users_turn_the_question_round() -> None:
    request = Request(n_ctx=8192, users=4)
    load = resolve(request, a_model())
    assert (load.n_seq_max, load.n_ctx, load.n_ctx_per_slot) == (4, 32768, 8192)
    assert asked_n_ctx(request, load) == 8192


def test_k_alone_leaves_v_alone_except_where_there_is_one_type() -> None:
    assert resolve(Request(cache_type_k="q8_0"), a_model()).cache_type_v == "f16"
    assert resolve(Request(runtime="ollama", cache_type_k="q8_0"), a_model()).cache_type_v == "q8_0"


def test_all_layers_are_the_blocks_and_the_output() -> None:
    assert resolve(Request(n_gpu_layers=ALL_LAYERS), a_model()).n_gpu_layers == 33
    assert resolve(Request(), a_model()).n_gpu_layers == 33
    assert resolve(Request(n_gpu_layers=20), a_model()).n_gpu_layers == 20
    assert resolve(Request(n_gpu_layers=999), a_model()).n_gpu_layers == 33


def test_a_model_without_a_cache_puts_out_every_token() -> None:
    assert resolve(Request(n_ctx=512), replace(a_model(), has_cache=False)).n_outputs_max == 2048


@pytest.mark.parametrize(
    ("runtime", "main_gpu", "split_mode"),
    [("ollama", None, "layer"), ("ollama", 0, "none"), ("ollama", 1, "none"), ("llama-server", 1, "layer")],
)
def test_ollamas_main_gpu_takes_the_whole_model(runtime: str, main_gpu: int | None, split_mode: str) -> None:
    settings = resolve(Request(runtime=runtime, main_gpu=main_gpu), a_model())
    assert (settings.main_gpu, settings.split_mode) == (main_gpu or 0, split_mode)
