"""llama.cpp's flags that decide memory, their LLAMA_ARG_ variables, and how to read them (common/arg.cpp)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from advisor.printable import printable
from advisor.settings.pasted.pasted import unread
from advisor.settings.request import ALL_LAYERS

_TRUE = frozenset({"on", "enabled", "true", "1"})
_FALSE = frozenset({"off", "disabled", "false", "0"})


@dataclass(frozen=True, slots=True)
class Flag:
    """One setting: how it may be spelled, its variable (without LLAMA_ARG_), and what its value means.

    A flag without `read` takes no value and means `constant`.
    """

    field: str
    names: tuple[str, ...]
    variable: str | None = None
    read: Callable[[str], object] | None = None
    constant: object = True


def whole(text: str) -> int:
    """llama.cpp reads a number as far as it goes: 32k would be 32."""
    if re.fullmatch(r"[+-]?[0-9]{1,15}", text):
        return int(text)
    raise unread(f'"{printable(text)}" is not a whole number.', "llama.cpp reads 32k as 32: write 32768.")


def real(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise unread(f'"{printable(text)}" is not a number.', "Write it like 0.5.")
    return value


def switch(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise unread(f'"{printable(text)}" is neither on nor off.', "Write on or off.")


def flash_attn(text: str) -> str:
    if text in {"auto", "-1"}:
        return "auto"
    return "on" if switch(text) else "off"


def layers(text: str) -> int | None:
    """None: automatic, which is not a number that was set."""
    if text in {"auto", "-1"}:
        return None
    if text == "all":
        return ALL_LAYERS
    number = whole(text)
    return ALL_LAYERS if number < 0 else number


def parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def shares(text: str) -> tuple[float, ...]:
    return tuple(real(part) for part in re.split(r"[,/]+", text.strip(",/")))


def overrides(text: str) -> tuple[tuple[str, str], ...]:
    """parse_tensor_buffer_overrides cuts at every comma, and then at the first "="."""
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not equals or not pattern or not buffer for pattern, equals, buffer in pairs):
        raise unread(
            f'"{printable(text)}" is not a list of PATTERN=BUFFER.', "Write it like blk.1.ffn_.*_exps=CPU."
        )
    return tuple((pattern, buffer) for pattern, _, buffer in pairs)


def _load_mode(text: str) -> bool:
    """Whether the file is mapped."""
    return text in {"auto", "mmap", "mmap+mlock"}


FLAGS = (
    Flag("model", ("-m", "--model"), "MODEL", str),
    Flag("n_ctx", ("-c", "--ctx-size"), "CTX_SIZE", whole),
    Flag("n_batch", ("-b", "--batch-size"), "BATCH", whole),
    Flag("n_ubatch", ("-ub", "--ubatch-size"), "UBATCH", whole),
    Flag("n_seq_max", ("-np", "--parallel"), "N_PARALLEL", whole),
    Flag("kv_unified", ("-kvu", "--kv-unified"), "KV_UNIFIED"),
    Flag("kv_unified", ("-no-kvu", "--no-kv-unified"), None, constant=False),
    Flag("flash_attn", ("-fa", "--flash-attn"), "FLASH_ATTN", flash_attn),
    Flag("cache_type_k", ("-ctk", "--cache-type-k"), "CACHE_TYPE_K", str),
    Flag("cache_type_v", ("-ctv", "--cache-type-v"), "CACHE_TYPE_V", str),
    Flag("swa_full", ("--swa-full",), "SWA_FULL"),
    Flag("offload_kqv", ("-kvo", "--kv-offload"), "KV_OFFLOAD"),
    Flag("offload_kqv", ("-nkvo", "--no-kv-offload"), None, constant=False),
    Flag("op_offload", ("--op-offload",)),
    Flag("op_offload", ("--no-op-offload",), constant=False),
    Flag("n_gpu_layers", ("-ngl", "--gpu-layers", "--n-gpu-layers"), "N_GPU_LAYERS", layers),
    Flag("split_mode", ("-sm", "--split-mode"), "SPLIT_MODE", str),
    Flag("tensor_split", ("-ts", "--tensor-split"), "TENSOR_SPLIT", shares),
    Flag("main_gpu", ("-mg", "--main-gpu"), "MAIN_GPU", whole),
    Flag("devices", ("-dev", "--device"), "DEVICE", parts),
    Flag("override_tensor", ("-ot", "--override-tensor"), "OVERRIDE_TENSOR", overrides),
    Flag("cpu_moe", ("-cmoe", "--cpu-moe"), "CPU_MOE"),
    Flag("n_cpu_moe", ("-ncmoe", "--n-cpu-moe"), "N_CPU_MOE", whole),
    Flag("fit", ("-fit", "--fit"), "FIT", switch),
    Flag("use_mmap", ("-lm", "--load-mode"), "LOAD_MODE", _load_mode),
    Flag("use_mmap", ("--no-mmap",), None, constant=False),
    Flag("use_mmap", ("--mmap",)),
    Flag("rope.scaling", ("--rope-scaling",), "ROPE_SCALING_TYPE", str),
    Flag("rope.scale", ("--rope-scale",), "ROPE_SCALE", real),
    Flag("rope.freq_base", ("--rope-freq-base",), "ROPE_FREQ_BASE", real),
    Flag("rope.freq_scale", ("--rope-freq-scale",), "ROPE_FREQ_SCALE", real),
    Flag("rope.yarn_orig_ctx", ("--yarn-orig-ctx",), "YARN_ORIG_CTX", whole),
    Flag("rope.yarn_ext_factor", ("--yarn-ext-factor",), "YARN_EXT_FACTOR", real),
    Flag("rope.yarn_attn_factor", ("--yarn-attn-factor",), "YARN_ATTN_FACTOR", real),
    Flag("rope.yarn_beta_slow", ("--yarn-beta-slow",), "YARN_BETA_SLOW", real),
    Flag("rope.yarn_beta_fast", ("--yarn-beta-fast",), "YARN_BETA_FAST", real),
    Flag("projector", ("-mm", "--mmproj"), "MMPROJ", str),
    Flag("draft", ("-md", "--model-draft", "--spec-draft-model"), "SPEC_DRAFT_MODEL", str),
    Flag(
        "draft_cache_type_k",
        ("-ctkd", "--cache-type-k-draft", "--spec-draft-type-k"),
        "SPEC_DRAFT_CACHE_TYPE_K",
        str,
    ),
    Flag(
        "draft_cache_type_v",
        ("-ctvd", "--cache-type-v-draft", "--spec-draft-type-v"),
        "SPEC_DRAFT_CACHE_TYPE_V",
        str,
    ),
    Flag("draft_gpu_layers", ("-ngld", "--gpu-layers-draft", "--n-gpu-layers-draft"), None, layers),
    Flag("adapters", ("--lora",), None, parts),
    Flag("adapters_scaled", ("--lora-scaled",), None, parts),
)
BY_NAME = {name: flag for flag in FLAGS for name in flag.names}
BY_VARIABLE = {flag.variable: flag for flag in FLAGS if flag.variable}

# They matter for memory or for what is loaded, but our figures leave them out: why, by long name.
_LEFT_OUT = {
    "--hf-repo": "the model's file on this computer is not known from it",
    "--fit-target": "the plan reckons with the usual margin of 1,024 MiB",
    "--fit-ctx": "the plan reckons with the usual smallest context of 4,096",
    "--kv-unified-per-slot": "the plan takes the context of -c",
    "--cache-ram": "the prompt cache is shown as what comes later, with its usual size",
    "--ctx-checkpoints": "checkpoints are shown as what comes later, with their usual number",
    "--mlock": "locked weights cannot be dropped when memory is short; builds of today want --load-mode",
    "--embedding": "an embedding server keeps a row of output for every token of a batch",
    "--reranking": "a reranking server keeps a row of output for every token of a batch",
    "--rpc": "memory of other computers is not counted",
    "--no-repack": "weights that are copied into another layout are counted as they are by default",
    "--n-cpu-ffn": "its layers are counted where -ngl puts them",
    "--no-mmproj-offload": "the projector is counted on the GPU",
    "--spec-type": "only a draft model of --model-draft is counted",
}
_SHORT = {
    "-hf": "--hf-repo",
    "-hfr": "--hf-repo",
    "-fitt": "--fit-target",
    "-fitc": "--fit-ctx",
    "-cram": "--cache-ram",
    "-ctxcp": "--ctx-checkpoints",
    "--embeddings": "--embedding",
    "--rerank": "--reranking",
    "-nr": "--no-repack",
    "-ncffn": "--n-cpu-ffn",
}


def left_out(name: str) -> str | None:
    """Why our figures leave this flag out; None for one of which nothing is known."""
    return _LEFT_OUT.get(_SHORT.get(name, name))


# Flags that change no memory, by whether a value follows.
_WITH_VALUE = """
-t --threads -tb --threads-batch -C --cpu-mask --prio --poll --host --port --api-key --api-key-file
-a --alias --tags --path --api-prefix --ssl-key-file --ssl-cert-file -to --timeout --threads-http
--chat-template --chat-template-file --chat-template-kwargs --reasoning-format --reasoning-budget -n
--predict --n-predict -s --seed --temp --top-k --top-p --min-p --typical --repeat-penalty
--repeat-last-n --presence-penalty --frequency-penalty --samplers --sampling-seq --grammar
--grammar-file --json-schema -j -p --prompt -f --file -sys --system-prompt --keep --numa --log-file
--log-colors -lv --verbosity --log-verbosity --cache-reuse --slot-save-path --sleep-idle-seconds
--slot-prompt-similarity -sps --mirostat --mirostat-lr --mirostat-ent --dry-multiplier --dry-base
--dry-allowed-length --xtc-probability --xtc-threshold --media-path --spec-draft-n-max
--spec-draft-n-min --draft --draft-max --draft-min --draft-p-min --reasoning -rea --logit-bias -l
--override-kv --dynatemp-range --dynatemp-exp --models-dir --models-max
"""
_ALONE = """
--jinja --no-jinja --no-webui --webui --metrics --props --slots --no-slots -cb --cont-batching -nocb
--no-cont-batching --context-shift --no-context-shift --no-warmup --warmup -v --verbose
--log-disable --log-prefix --log-timestamps --offline --no-perf --perf --ignore-eos -cnv
--conversation -no-cnv --no-conversation -i --interactive -mli --multiline-input --color --escape
--no-escape -e -sp --special --check-tensors --mmproj-offload --repack --no-mmproj --mmproj-auto
--no-mmproj-auto --cache-prompt --no-cache-prompt --prefill-assistant --no-prefill-assistant
--simple-io --no-display-prompt
"""
HARMLESS_WITH_VALUE = frozenset(_WITH_VALUE.split())
HARMLESS_ALONE = frozenset(_ALONE.split())
