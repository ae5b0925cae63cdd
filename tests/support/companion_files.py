"""Files that are loaded beside a model, built in memory: projectors and LoRA adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.support.gguf_bytes import GgufBytes, TensorSpec

F32, F16 = 0, 1


def projector(n_blocks: int = 2, n_embd: int = 64) -> GgufBytes:
    """A vision projector: the names that tools/mtmd/clip-impl.h gives, without the hyperparameters."""
    tensors = [TensorSpec("v.patch_embd.weight", (14, 14, 3, n_embd), F16)]
    tensors += [TensorSpec(f"v.blk.{il}.ffn_up.weight", (n_embd, 4 * n_embd), F16) for il in range(n_blocks)]
    return GgufBytes(
        {"general.architecture": "clip", "clip.has_vision_encoder": True, "clip.projector_type": "mlp"},
        tensors,
    )


def adapter(
    changed: Mapping[str, tuple[int, int]],
    rank: int = 8,
    architecture: str = "llama",
    more: Sequence[TensorSpec] = (),
) -> GgufBytes:
    """A LoRA adapter in f32 for the model's tensors `changed`, named with their first two dimensions."""
    tensors = list(more)
    for name, (ne0, ne1) in changed.items():
        turned = name == "token_embd.weight"  # its rows are looked up
        a, b = ((rank, ne1), (rank, ne0)) if turned else ((ne0, rank), (rank, ne1))
        tensors += [TensorSpec(f"{name}.lora_a", a, F32), TensorSpec(f"{name}.lora_b", b, F32)]
    metadata = {"general.architecture": architecture, "general.type": "adapter", "adapter.type": "lora"}
    return GgufBytes(metadata, tensors)


def query_adapter(n_layer: int, n_embd: int, rank: int = 8) -> GgufBytes:
    """An adapter of the queries of every block: 8 * rank * n_embd bytes a block."""
    return adapter({f"blk.{il}.attn_q.weight": (n_embd, n_embd) for il in range(n_layer)}, rank)
