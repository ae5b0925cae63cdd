"""vLLM: a command with the context length, and why it can be no more than that."""

from __future__ import annotations

from advisor.export.export import Cannot, Export, Load
from advisor.export.programs.llama_server import script
from advisor.export.quoting import command_line

GENERATED = "Generated for vLLM 0.24 or newer. Write the model's own repository in place of MAKER/MODEL."
VERIFIED = "Options as vLLM's documentation of 2026 names them; not run, and its memory is not planned here."


def render(load: Load) -> Export:
    """The command. What it will allocate is vLLM's own affair, so nothing but the context is said."""
    n_ctx = load.settings.n_ctx_per_slot
    words = ["vllm", "serve", "MAKER/MODEL", "--max-model-len", str(n_ctx)]
    if load.settings.n_seq_max > 1:
        words += ["--max-num-seqs", str(load.settings.n_seq_max)]
    line = command_line(words, load.shell)
    return Export(
        runtime="vllm",
        files=(script(line, load.shell, "vllm", GENERATED),),
        commands=(line,),
        cannot_express=(
            Cannot(
                "MODEL",
                "vLLM reads no GGUF by itself since 0.24: it takes the original weights, which need more "
                "memory than this file. The plan here is llama.cpp's and does not hold there.",
            ),
            Cannot(
                "--cache-type-k, --cache-type-v",
                "vLLM has other types (--kv-cache-dtype auto, fp8, ...): none is chosen for you.",
            ),
        ),
        notes=(
            (
                "vLLM takes its share of each GPU (--gpu-memory-utilization, 0.92 by default) whatever the "
                "context is, and refuses to start where one sequence of --max-model-len does not fit into "
                "it."
            ),
            (
                "Its own answer is the one that counts: it logs the size of its KV cache in tokens when it "
                "starts."
            ),
        ),
        verified_with=VERIFIED,
    )
