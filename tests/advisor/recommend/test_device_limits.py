"""What is known of a device's limit after a load was beyond it, and what is not."""

from dataclasses import replace

from advisor.basis import Note
from advisor.memory.plan import Target
from advisor.model.facts import Attention, Layer, ModelFacts
from advisor.recommend.device_limits import DeviceLimits
from advisor.settings.load_settings import LoadSettings
from tests.support.planning import a_model

HOST = Target("CPU", "CPU")
ONE, TWO = Target("Vulkan0", "Vulkan", 1), Target("Vulkan1", "Vulkan", 1)
NOTE = Note("engine-device-limit", "Vulkan0 cannot.")
# 8 heads of 128 values: 2,048 bytes a token in f16, 1,088 in q8_0, 576 in q4_0.
AT = LoadSettings(n_ctx=65536, n_gpu_layers=33)
Q8_0 = replace(AT, cache_type_k="q8_0", cache_type_v="q8_0")


def limits(*targets: Target, facts: ModelFacts | None = None) -> DeviceLimits:
    return DeviceLimits(facts or a_model(), (*targets, HOST))


def test_nothing_is_known_before_anything_was_beyond() -> None:
    known = limits(ONE)
    known.worked(AT)
    assert known.beyond(replace(AT, n_ctx=2**24)) is None


def test_a_cache_of_as_many_bytes_is_beyond_whatever_its_type_and_layers() -> None:
    known = limits(ONE)
    known.failed(AT, NOTE)
    known.worked(replace(AT, n_ctx=256))
    assert known.beyond(AT) is NOTE
    assert known.beyond(replace(AT, n_ctx=65280)) is None
    assert known.beyond(replace(AT, n_gpu_layers=5)) is NOTE
    assert known.beyond(replace(AT, n_ubatch=64)) is NOTE
    # 128 MiB are 123,361 tokens and a bit in q8_0.
    assert known.beyond(replace(Q8_0, n_ctx=123392)) is NOTE
    assert known.beyond(replace(Q8_0, n_ctx=123136)) is None
    assert known.beyond(replace(Q8_0, n_ctx=123392, cache_type_v="q4_0")) is NOTE
    assert known.beyond(replace(AT, n_ctx=131072, cache_type_k="q4_0", cache_type_v="q4_0")) is None


def test_a_type_that_never_worked_says_nothing_of_others() -> None:
    # There may be no kernel for it at all.
    known = limits(ONE)
    known.failed(Q8_0, NOTE)
    assert known.beyond(replace(Q8_0, n_ctx=131072)) is NOTE
    assert known.beyond(replace(AT, n_ctx=131072)) is None
    known.worked(replace(Q8_0, n_ctx=256))
    assert known.beyond(replace(AT, n_ctx=131072)) is NOTE
    assert known.beyond(replace(AT, n_ctx=131072, flash_attn="off")) is NOTE


def test_what_lies_in_the_ram_has_no_limit() -> None:
    known = limits(ONE)
    known.failed(AT, NOTE)
    for in_ram in (
        replace(AT, n_ctx=131072, offload_kqv=False),
        replace(AT, n_ctx=131072, n_gpu_layers=1),
        replace(AT, n_ctx=131072, devices=("none",)),
    ):
        assert known.beyond(in_ram) is None
    # Nor does a load that was beyond something else teach anything.
    other = limits(ONE)
    other.failed(replace(AT, offload_kqv=False), NOTE)
    assert other.beyond(replace(AT, n_ctx=131072)) is None


def test_of_two_devices_nobody_knows_which_it_was() -> None:
    known = limits(ONE, TWO)
    known.failed(AT, NOTE)
    assert known.beyond(replace(AT, n_gpu_layers=20)) is NOTE
    assert known.beyond(replace(AT, devices=("Vulkan0",))) is None
    assert known.beyond(replace(AT, split_mode="none")) is None


def test_the_largest_layer_on_the_device_counts() -> None:
    # Layers that look at a window keep little; the last of them all keeps the whole context.
    facts = a_model(n_layer=4)
    window = Attention(head_count=32, head_count_kv=8, key_length=128, value_length=128, window=512)
    whole = facts.layers[0].attention
    order = (whole, window, window, window)
    layers = tuple(Layer(i, attention, None, 14336, 0) for i, attention in enumerate(order))
    facts = replace(facts, layers=layers)
    known = limits(ONE, facts=facts)
    known.failed(replace(AT, n_gpu_layers=5), NOTE)
    assert known.beyond(replace(AT, n_gpu_layers=5, n_ctx=131072)) is NOTE
    assert known.beyond(replace(AT, n_gpu_layers=4, n_ctx=131072)) is None
