"""`Request`: what a person asked for, before a runtime's rules fill in the rest."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.errors import SettingsError
from advisor.settings.load_settings import CACHE_TYPES, MAX_N_CTX, MAX_SEQUENCES
from advisor.settings.rope import TRAINED_ROPE, Rope

ALL_LAYERS = -1  # n_gpu_layers: every block and the output

FLASH_ATTN = ("on", "off", "auto")
SPLIT_MODES = ("none", "layer", "row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options as llama.cpp spells them; None where nothing was said.

    `n_ctx` is what the runtime calls its context: llama.cpp's total for llama-server, one slot's share for
    Ollama. With `users`, it is always one user's share.
    """

    runtime: str | None = None
    n_ctx: int | None = None
    users: int | None = None
    n_batch: int | None = None
    n_ubatch: int | None = None
    n_seq_max: int | None = None
    kv_unified: bool | None = None
    swa_full: bool | None = None
    cache_type_k: str | None = None
    cache_type_v: str | None = None
    flash_attn: str | None = None
    n_gpu_layers: int | None = None  # ALL_LAYERS for all
    offload_kqv: bool | None = None
    n_cpu_moe: int | None = None
    override_tensor: tuple[tuple[str, str], ...] = ()
    split_mode: str | None = None
    main_gpu: int | None = None
    tensor_split: tuple[float, ...] = ()
    devices: tuple[str, ...] = ()
    rope: Rope = TRAINED_ROPE
    above_training: bool = False  # a recommendation may go beyond the training context
    op_offload: bool | None = None
    use_mmap: bool | None = None
    gpu_only: bool = False  # a recommendation puts nothing on the CPU that belongs on a GPU

    def check(self) -> None:
        """Raise SettingsError, naming the option, for a value that no runtime could pass on."""
        _check_range("--ctx-size", self.n_ctx, 1, MAX_N_CTX)
        _check_range("--users", self.users, 1, MAX_SEQUENCES)
        _check_range("--parallel", self.n_seq_max, 1, MAX_SEQUENCES)
        _check_range("--batch-size", self.n_batch, 1, MAX_N_CTX)
        _check_range("--ubatch-size", self.n_ubatch, 1, MAX_N_CTX)
        _check_range("--n-gpu-layers", self.n_gpu_layers, ALL_LAYERS, 1_000_000)
        _check_range("--n-cpu-moe", self.n_cpu_moe, 0, 1_000_000)
        _check_range("--main-gpu", self.main_gpu, 0, 255)
        _check_choice("--cache-type-k", self.cache_type_k, CACHE_TYPES)
        _check_choice("--cache-type-v", self.cache_type_v, CACHE_TYPES)
        _check_choice("--flash-attn", self.flash_attn, FLASH_ATTN)
        _check_choice("--split-mode", self.split_mode, SPLIT_MODES)
        if any(not 0 <= share < float("inf") for share in self.tensor_split):
            raise SettingsError(
                "--tensor-split",
                "a share is negative or not a number.",
                hint="Give one proportion per GPU, like 3,1.",
            )
        self.rope.check()
        if self.users is not None and self.n_seq_max not in {None, self.users}:
            raise SettingsError(
                "--users",
                f"{self.users} users do not match --parallel {self.n_seq_max}.",
                hint="Give one of the two: with --users, -c is the context of one user.",
            )


def _check_range(option: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise SettingsError(
            option, f"{value:,} is not possible.", hint=f"Choose a value from {low:,} to {high:,}."
        )


def _check_choice(option: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise SettingsError(
            option, f'"{value}" is not one of its values.', hint=f"Choose one of {', '.join(choices)}."
        )
