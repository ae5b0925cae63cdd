"""Graphs of one or two blocks whose activations can be counted by hand. One unit: a row of the residual."""

from dataclasses import replace

import pytest

from advisor.memory.graph.block import Block, read_graph
from advisor.memory.graph.inputs import masks_bytes
from advisor.memory.graph.replay import replay
from advisor.memory.graph.splits import Kept
from advisor.memory.graph.walk import Carried, Pass
from advisor.model.facts import Attention, Layer, Recurrence, Role, Weight
from tests.support.planning import a_model

E = 64  # n_embd
T = 32  # tokens
UNIT = 4 * E * T
ATTENTION = Attention(head_count=4, head_count_kv=1, key_length=16, value_length=16)
LOAD = Pass(
    architecture="llama",
    n_embd=E,
    n_vocab=16,
    n_expert=0,
    per_layer_width=0,
    value_row_max=16,
    has_cache=True,
    n_tokens=T,
    n_outputs=1,
    n_seqs=1,
    n_stream=1,
    n_cells=256,
    n_window_cells=0,
    flash_attn=True,
    quantized_k=False,
    quantized_v=False,
)
MASK = 2 * 256 * T
DENSE = {"attn_q": (E, E), "attn_norm": (E,), "ffn_norm": (E,)}


def block(
    n_ff: int = 8 * E, kind: int = 0, attention: Attention = ATTENTION, **tensors: tuple[int, ...]
) -> Block:
    widths = {"ffn_gate": (E, n_ff), "ffn_up": (E, n_ff), "ffn_down": (n_ff, E)}
    return Block(Layer(kind, attention, None, n_ff, 0), DENSE | widths | tensors, kind)


def inner(*blocks: Block, load: Pass = LOAD) -> int:
    """Only the blocks, neither input nor output; one is doubled, so that the first is not the mask's last."""
    return replay(blocks * 2 if len(blocks) == 1 else blocks, load, has_input=False, has_output=False)


def without(found: Block, *names: str) -> Block:
    return replace(found, tensors={name: dims for name, dims in found.tensors.items() if name not in names})


def test_a_wide_gated_feed_forward_is_the_peak() -> None:
    # mask; the freed embedding and norm, the residual; then gate, up and their product
    assert inner(block()) == MASK + (3 + 3 * 8) * UNIT


def test_an_activation_in_place_needs_one_matrix() -> None:
    assert inner(without(block(), "ffn_gate")) == MASK + (3 + 8) * UNIT


def test_gate_and_up_in_one_matrix_are_as_large() -> None:
    fused = without(block(ffn_up=(E, 16 * E)), "ffn_gate")
    assert inner(fused) == inner(block())


def test_attention_is_the_peak_of_narrow_models() -> None:
    # mask; residual, norm, Q and its rotated copy, and the hole that the block before left: half a unit
    assert inner(block(n_ff=32)) == MASK + 4.5 * UNIT
    # gpt2 learns its positions: no copy, but K and V beside Q
    assert inner(block(n_ff=32), load=replace(LOAD, architecture="gpt2")) == MASK + (3 + 1 / 2) * UNIT


def test_without_flash_attention_the_scores_exist() -> None:
    off = replace(LOAD, flash_attn=False)
    scores = 4 * 4 * 256 * T
    assert inner(block(n_ff=32), load=off) >= 2 * MASK + scores
    assert inner(block(n_ff=32), load=replace(off, n_cells=512)) - inner(block(n_ff=32), load=off) == (
        2 * MASK + scores
    )


def test_more_context_costs_its_mask_and_nothing_else() -> None:
    wide = replace(LOAD, n_cells=1024)
    assert inner(block(), load=wide) - inner(block()) == masks_bytes([block()], wide) - MASK


def test_windows_have_a_mask_of_their_own() -> None:
    windowed = block(kind=1, attention=replace(ATTENTION, window=64))
    both = replace(LOAD, n_window_cells=128)
    assert masks_bytes([block(), windowed], both) == MASK + MASK // 2
    assert masks_bytes([windowed], both) == MASK // 2


def test_a_mask_makes_room_when_its_last_reader_is_done() -> None:
    # The full mask is read by the first block only; the wide feed-forward of the second uses its place.
    windowed = block(kind=1, attention=replace(ATTENTION, window=64))
    load = replace(LOAD, n_cells=65536, n_window_cells=128)
    assert inner(block(n_ff=32), windowed, load=load) == masks_bytes([block(), windowed], load) + 4 * UNIT


def test_equal_blocks_cost_what_one_does() -> None:
    assert inner(*[block()] * 80) == inner(block())


def test_the_input_keeps_a_second_embedding_and_all_masks() -> None:
    host = replay((), LOAD, [block()], has_input=True, has_output=False)
    assert host == MASK + 2 * UNIT
    assert replay([block()] * 2, LOAD, has_input=True, has_output=False) == inner(block()) + UNIT


def test_logits_count_for_each_wanted_row() -> None:
    many = replace(LOAD, n_vocab=64 * E, n_outputs=T)
    # the residual stays until the logits are there, in the place that the mask left free or beside it
    assert replay([block()], many, has_input=False, has_output=True) >= 64 * UNIT
    one = replace(many, n_outputs=1)
    assert replay([block()], one, has_input=False, has_output=True) < 64 * UNIT


def test_the_last_block_works_on_the_wanted_rows_only() -> None:
    narrow_end = replay([block(n_ff=8 * E)], LOAD, has_input=False, has_output=True)
    assert narrow_end == MASK + 4 * UNIT
    late = replace(LOAD, architecture="gpt-oss")
    assert replay([block(n_ff=8 * E)], late, has_input=False, has_output=True) > narrow_end


def experts(n_ff: int, **tensors: tuple[int, ...]) -> Block:
    widths = {"ffn_gate_exps": (E, n_ff, 8), "ffn_up_exps": (E, n_ff, 8), "ffn_down_exps": (n_ff, E, 8)}
    return Block(Layer(0, ATTENTION, None, 0, 4), DENSE | widths | tensors, 0)


def test_experts_multiply_by_those_that_are_used() -> None:
    load = replace(LOAD, n_expert=8)
    routing = 4 * T * (2 * 8 + 4)
    found = inner(experts(4 * E), load=load)
    assert MASK + (3 + 3 * 16) * UNIT <= found <= MASK + (3 + 3 * 16) * UNIT + routing


def test_narrow_experts_peak_at_their_results() -> None:
    # E / 4 wide: gate, up, product are one unit each for 4 experts, their results four
    load = replace(LOAD, n_expert=8)
    found = inner(experts(E // 4), load=load)
    assert found >= MASK + (1 + 4) * UNIT
    assert found > inner(block(n_ff=E))


def test_one_matrix_of_gates_and_ups_is_as_large() -> None:
    load = replace(LOAD, n_expert=8)
    fused = without(experts(4 * E, ffn_gate_up_exps=(E, 8 * E, 8)), "ffn_gate_exps", "ffn_up_exps")
    assert inner(fused, load=load) == inner(experts(4 * E), load=load)


def test_a_shared_norm_makes_attention_and_feed_forward_parallel() -> None:
    parallel = without(block(), "ffn_norm")
    assert inner(parallel) >= MASK + (3 + 3 * 8) * UNIT


def test_a_quantized_cache_on_cuda_is_copied_for_attention() -> None:
    heads = replace(ATTENTION, key_length=64, value_length=64)
    plain = inner(block(n_ff=32, attention=heads), load=replace(LOAD, n_cells=65536))
    copied = replace(LOAD, n_cells=65536, unpacks_k=True, unpacks_v=True)
    assert inner(block(n_ff=32, attention=heads), load=copied) - plain == pytest.approx(
        2 * 65536 * 128, rel=0.05
    )


def test_mamba_2_holds_its_input_and_its_scan() -> None:
    mixed, inner_width, n_state = 3 * E, 2 * E, 16 * 2 * E
    tensors = {
        "ssm_in": (E, 5 * E),
        "ssm_conv1d": (4, mixed),
        "ssm_out": (inner_width, E),
        "ssm_norm": (inner_width,),
    }
    recurrence = Recurrence(3 * mixed, n_state)
    found = inner(Block(Layer(0, None, recurrence, 0, 0), tensors, 0))
    scan = inner_width * T + n_state
    at_least = 4 * T * (E + 5 * E + mixed) + 4 * scan
    assert at_least <= found <= 2 * at_least


def test_tensors_are_read_by_their_block() -> None:
    weights = (
        Weight("blk.0.ffn_down.weight", Role.LAYER, 0, (128, 64), 1, 1 << 10),
        Weight("blk.0.ffn_gate.weight", Role.LAYER, 0, (64, 128), 1, 1 << 11),
        Weight("blk.0.ffn_up.weight", Role.LAYER, 0, (64, 128), 1, 1 << 12),
        Weight("blk.0.ssm_a", Role.LAYER, 0, (16,), 0, 64),
        Weight("blk.1.ffn_up.weight", Role.SKIPPED, None, (64, 128), 1, 1 << 13),
        Weight("per_layer_model_proj.weight", Role.LAYER, 0, (64, 512), 1, 1 << 14),
    )
    graph = read_graph(replace(a_model(n_layer=2), weights=weights))
    assert graph.blocks[0].into("ffn_down") == 128
    assert graph.blocks[0].out("ffn_down") == 64
    assert graph.blocks[0].has("ssm_a")
    assert graph.blocks[0].out("ssm_a") == 0
    assert not graph.blocks[1].tensors
    assert graph.per_layer_width == 512
    assert graph.blocks[0].matrices == {"ffn_down": 1 << 10, "ffn_gate": 1 << 11, "ffn_up": 1 << 12}
    assert not graph.blocks[0].expert_matrices
    assert not graph.blocks[1].matrices


def brought(*blocks: Block, carried: Carried, load: Pass = LOAD) -> int:
    return replay(blocks, load, has_input=False, has_output=False, carried=[carried] * len(blocks))


def test_one_matrix_is_carried_at_a_time() -> None:
    found = block(n_ff=8 * E)
    names = ("ffn_gate", "ffn_up", "ffn_down")
    plain = brought(found, carried=Carried(is_split=True))
    one = brought(found, carried=Carried(dict.fromkeys(names[:1], 64 * UNIT), is_split=True))
    all_three = brought(found, carried=Carried(dict.fromkeys(names, 64 * UNIT), is_split=True))
    assert one > plain
    assert all_three <= one + 64 * UNIT / 2  # not three of them


def test_keys_and_values_are_copied_whole_and_go_after_attention() -> None:
    small, large = 4 * UNIT, 100 * UNIT
    alone = brought(block(n_ff=32), carried=Carried(cache=(large, large), is_split=True))
    assert alone >= 2 * large + MASK
    with_small = brought(block(n_ff=32), carried=Carried(cache=(small, small), is_split=True))
    assert alone - with_small == 2 * (large - small)
    # A second block finds the holes, but for what lies in one of them by then.
    assert brought(block(n_ff=32), block(n_ff=32), carried=Carried(cache=(large, large), is_split=True)) < (
        alone + 2 * large
    )


def test_copies_of_a_split_without_end_are_all_there_at_its_start() -> None:
    shared = replace(ATTENTION, shares_cache_of=0)
    pieces = Carried(cache=(50 * UNIT, 50 * UNIT))
    one = brought(block(n_ff=32, attention=shared), carried=pieces)
    three = brought(*[block(n_ff=32, attention=shared)] * 3, carried=pieces)
    assert three - one >= 2 * 100 * UNIT


def test_the_host_takes_back_the_keys_and_values_of_a_batch() -> None:
    def host(*kept_for: Kept) -> int:
        return replay([], LOAD, [block()], has_input=True, has_output=False, kept_for=kept_for)

    assert host() == MASK + 2 * UNIT
    assert host(Kept(block(), has_cache=True)) == host()  # half a unit fits where the residual was
    wide = replace(ATTENTION, head_count_kv=8)
    assert host(Kept(block(attention=wide), has_cache=True)) == MASK + (1 + 2 * 2) * UNIT
    assert host(Kept(block(), has_cache=False, feeds=True)) > host()
