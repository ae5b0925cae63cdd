"""What a command line asks for, as a `Request`: its own words, and the runtime that nobody named."""

from __future__ import annotations

import argparse
from dataclasses import replace

from advisor.cli.asked.model import runtime_of_word
from advisor.cli.asked.remembered import remembered_runtime
from advisor.settings.request import Request
from advisor.settings.rope import Rope

ALL_LAYERS_OF_EXPERTS = 1_000_000  # --cpu-moe; `resolve` brings it down to the model's layers


def request_of(args: argparse.Namespace) -> Request:
    """What the user asked for, from parsed arguments.

    Without --runtime it is of the one that MODEL belongs to, else of the one that was named last.
    """
    said = said_request(args)
    if said.runtime:
        return said
    return replace(said, runtime=runtime_of_word(args.model) or remembered_runtime())


def said_request(args: argparse.Namespace) -> Request:
    """What the command line itself says, and nothing else."""
    return Request(
        runtime=args.runtime,
        n_ctx=args.ctx_size,
        users=args.users,
        n_batch=args.batch_size,
        n_ubatch=args.ubatch_size,
        n_seq_max=args.parallel,
        kv_unified=args.kv_unified,
        swa_full=args.swa_full,
        cache_type_k=args.cache_type_k,
        cache_type_v=args.cache_type_v,
        flash_attn=args.flash_attn,
        n_gpu_layers=args.n_gpu_layers,
        offload_kqv=args.kv_offload,
        n_cpu_moe=ALL_LAYERS_OF_EXPERTS if args.cpu_moe else args.n_cpu_moe,
        override_tensor=args.override_tensor or (),
        split_mode=args.split_mode,
        main_gpu=args.main_gpu,
        tensor_split=args.tensor_split or (),
        devices=args.device or (),
        rope=Rope(
            scaling=args.rope_scaling,
            scale=args.rope_scale,
            freq_base=args.rope_freq_base,
            freq_scale=args.rope_freq_scale,
            yarn_orig_ctx=args.yarn_orig_ctx,
            yarn_ext_factor=args.yarn_ext_factor,
            yarn_attn_factor=args.yarn_attn_factor,
            yarn_beta_slow=args.yarn_beta_slow,
            yarn_beta_fast=args.yarn_beta_fast,
        ),
        above_training=args.above_training,
        gpu_only=args.gpu_only,
    )
