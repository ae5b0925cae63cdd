"""Settings that exports are tested with: plain ones, and everything that llama-server has words for."""

from __future__ import annotations

from pathlib import Path

from advisor.memory.companions import Companions, Draft
from advisor.model.adapter import Adapter
from advisor.model.projector import Projector
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import Rope
from tests.support.planning import a_model

PLAIN = LoadSettings(n_ctx=32768, n_gpu_layers=33)
EVERYTHING = LoadSettings(
    n_ctx=8192,
    n_batch=1024,
    n_ubatch=256,
    n_seq_max=2,
    kv_unified=False,
    swa_full=True,
    cache_type_k="q8_0",
    cache_type_v="q4_0",
    n_gpu_layers=20,
    offload_kqv=False,
    op_offload=False,
    n_cpu_moe=12,
    # The CPU alone: a program that was built without a GPU's backend knows the name of no GPU.
    override_tensor=((r"blk\.(2[0-9])\.ffn_.*_exps", "CPU"), ("output", "CPU")),
    split_mode="row",
    main_gpu=1,
    tensor_split=(3.0, 1.5),
    use_mmap=False,
    rope=Rope(scaling="yarn", scale=2.5, freq_base=1e6, yarn_orig_ctx=32768, yarn_beta_fast=16),
)
BESIDE = Companions(
    projector=Projector(Path("/m/m mproj.gguf"), 1, 1),
    draft=Draft(a_model(n_layer=8), cache_type_k="q8_0"),
    adapters=(Adapter(Path("/m/one.gguf"), "llama", ()), Adapter(Path("/m/two.gguf"), "llama", ())),
)
