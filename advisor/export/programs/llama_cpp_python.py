"""llama-cpp-python: a piece of code with every setting said, and the file of its server."""

from __future__ import annotations

import json
from collections.abc import Iterator

from advisor.export.capabilities import unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.quoting import command_line
from advisor.gguf.ggml_types import GGML_TYPES
from advisor.settings.rope import Rope

GENERATED = "Generated for llama-cpp-python 0.3.36."
VERIFIED = (
    "Every argument is one of llama_cpp.Llama of llama-cpp-python 0.3.36; its server reads such a file and "
    "asks the library for the same; with both the KV cache that was planned was allocated, on the CPU. This "
    "text itself was not run."
)


# llama.h: enum llama_split_mode
SPLIT_MODES = {"none": 0, "layer": 1, "row": 2}
# llama.h: enum llama_rope_scaling_type
ROPE_SCALING_TYPES = {"none": 0, "linear": 1, "yarn": 2}

_TYPE_NUMBERS = {ggml_type.name.lower(): number for number, ggml_type in GGML_TYPES.items()}


def render(load: Load) -> Export:
    """Code for `llama_cpp.Llama`, and server.json for `python -m llama_cpp.server`."""
    code = [f"# {GENERATED}", "from llama_cpp import Llama", "", "model = Llama("]
    code += [f"    {name}={value!r}," for name, value in _arguments(load).items()]
    code.append(")")
    server = {"host": "127.0.0.1", "port": 8000, "models": [_server_model(load)]}
    return Export(
        runtime="llama-cpp-python",
        files=(
            File("load_model.py", "\n".join(code) + "\n"),
            File("server.json", json.dumps(server, indent=1, ensure_ascii=False) + "\n"),
        ),
        commands=("python load_model.py", "python -m llama_cpp.server --config_file server.json"),
        cannot_express=tuple(_cannot(load)),
        notes=tuple(_notes(load)),
        verified_with=VERIFIED,
    )


def _arguments(load: Load) -> dict[str, object]:
    """The keyword arguments of `llama_cpp.Llama` that decide memory, in its words (llama_cpp/llama.py)."""
    settings = load.settings
    found: dict[str, object] = {
        "model_path": load.model_path,
        "n_ctx": settings.n_ctx,
        "n_batch": settings.n_batch,
        "n_ubatch": settings.n_ubatch,
        "n_gpu_layers": settings.n_gpu_layers,
        "split_mode": SPLIT_MODES[settings.split_mode],
        "main_gpu": settings.main_gpu,
        "tensor_split": list(settings.tensor_split) or None,
        "offload_kqv": settings.offload_kqv,
        "op_offload": settings.op_offload,
        "flash_attn": load.with_flash_attn,
        "swa_full": settings.swa_full,
        "type_k": _TYPE_NUMBERS[settings.cache_type_k],
        "type_v": _TYPE_NUMBERS[settings.cache_type_v],
        "use_mmap": settings.use_mmap,
        "use_mlock": False,
        "logits_all": False,
    }
    found |= _positions(settings.rope)
    if load.companions.adapters:
        found["lora_path"] = str(load.companions.adapters[0].path)
    return found


def _positions(rope: Rope) -> dict[str, object]:
    """The same as llama-server's --rope-* and --yarn-*, in llama_cpp/llama.py's words."""
    freq_scale = rope.freq_scale if rope.scale is None else 1 / rope.scale
    found = {
        "rope_scaling_type": ROPE_SCALING_TYPES[rope.scaling] if rope.scaling else None,
        "rope_freq_base": rope.freq_base,
        "rope_freq_scale": freq_scale,
        "yarn_orig_ctx": rope.yarn_orig_ctx,
        "yarn_ext_factor": rope.yarn_ext_factor,
        "yarn_attn_factor": rope.yarn_attn_factor,
        "yarn_beta_slow": rope.yarn_beta_slow,
        "yarn_beta_fast": rope.yarn_beta_fast,
    }
    return {name: value for name, value in found.items() if value is not None}


def _server_model(load: Load) -> dict[str, object]:
    """One entry of `models`: the same words without the two that the server does not know.

    `logits_all` and `use_mlock` are true there by default (llama_cpp/server/settings.py), so they are said.
    """
    arguments = _arguments(load)
    without = {"model_path", "op_offload", "swa_full"}
    rest = {name: value for name, value in arguments.items() if name not in without}
    return {"model": load.model_path, **rest}


def _cannot(load: Load) -> Iterator[Cannot]:
    settings, beside = load.settings, load.companions
    if not load.pinned:
        yield Cannot("--flavour adjustable", "The library does not look for layers by itself: all is pinned.")
    if settings.flash_attn == "auto":
        yield Cannot("--flash-attn auto", "The library knows on and off: on is exported.")
    yield from unsaid("llama-cpp-python", settings)
    if not settings.swa_full and any(it.attention and it.attention.window for it in load.facts.layers):
        yield Cannot("--no-swa-full", "The code says it; server.json cannot, it keeps the whole context.")
    if not settings.op_offload:
        yield Cannot("--no-op-offload", "The code says it; server.json cannot.")
    if beside.projector:
        yield Cannot(
            "--mmproj", "It needs a chat handler that goes with the model: see the library's README."
        )
    if beside.draft:
        yield Cannot("--model-draft", "The library drafts from the prompt, not with a second model.")
    if beside.adapters:
        yield Cannot(
            "--lora", "One adapter is loaded, and the weights are then read into memory, not mapped."
        )


def _notes(load: Load) -> Iterator[str]:
    yield "Every setting is said: left out, they are 512 tokens, no GPU, no flash attention and full windows."
    install = ("python", "-m", "pip", "install", "llama-cpp-python[server]==0.3.36")
    yield f"server.json needs: {command_line(install, load.shell)}"
    if load.settings.n_gpu_layers:
        yield (
            "Outside macOS pip builds it for the CPU alone, and n_gpu_layers then does nothing: CMAKE_ARGS "
            "says more while it is built (-DGGML_CUDA=on, -DGGML_HIP=on, -DGGML_VULKAN=on)."
        )
