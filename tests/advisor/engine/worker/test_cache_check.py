"""The check in a real worker whose CPU is made to be a device with a limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.engine.cache_tensors import CacheTensor
from advisor.engine.client import EngineClient
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.protocol import OpenModel
from advisor.errors import EngineRefused
from advisor.settings.load_settings import LoadSettings
from tests.support.engines import patched
from tests.support.gguf_bytes import expand_head

pytestmark = pytest.mark.engine

SETTINGS = LoadSettings(n_ctx=256)
# 512 rows of 2,048 bytes: 1 MiB.
AT = CacheTensor("cache_k_l0", "CPU", "f16", 1024, 512, 64)
ABOVE = replace(AT, name="cache_v_l0", n_rows=513)
Q8_0 = replace(AT, cache_type="q8_0")  # 1,088 bytes a row: 963 of them and a bit

DEVICE = """
import ctypes
from worker import devices
plain = devices.Devices.__init__

def init(self, library):
    plain(self, library)
    self.n_bytes = library.symbol("ggml_nbytes", ctypes.c_size_t, ctypes.c_void_p)
    self.named = library.symbol("ggml_op_desc", ctypes.c_char_p, ctypes.c_void_p)

devices.Devices.__init__ = init
devices.Devices.work_on = lambda self, device, operation: """
OF_1_MIB = DEVICE + "self.n_bytes(operation) <= 1024 * 1024"
READ_ONLY = DEVICE + "self.named(operation) == b'NONE'"


@contextmanager
def opened(directory: Path, body: str = "") -> Iterator[EngineClient]:
    path = expand_head("llama-moe", directory)
    with EngineClient(patched(directory, body)) as client:
        client.open(OpenModel(path=str(path)))
        yield client


def refusal(client: EngineClient, *cache: CacheTensor, settings: LoadSettings = SETTINGS) -> EngineRefused:
    with pytest.raises(EngineRefused) as raised:
        client.context(settings, cache)
    return raised.value


def test_what_is_too_large_is_refused_and_the_engine_lives_on(tmp_path: Path) -> None:
    with opened(tmp_path, OF_1_MIB) as client:
        pid = client.pid
        error = refusal(client, AT, ABOVE, AT)
        assert error.code == DEVICE_LIMIT
        assert error.message == "CPU cannot work on cache_v_l0 in one piece."
        assert "not of its memory" in error.hint
        refusal(client, replace(Q8_0, n_rows=964))
        refusal(client, replace(AT, cache_type="f32", n_rows=257))
        refusal(client, replace(AT, n_elements=1, n_rows=2**40, n_written=2**20))
        assert client.context(SETTINGS).n_ctx == 256
        assert client.pid == pid


def test_what_is_as_large_as_can_be_is_asked_of_llama_cpp(tmp_path: Path) -> None:
    with opened(tmp_path, OF_1_MIB) as client:
        cache = (AT, replace(Q8_0, n_rows=963), replace(AT, cache_type="f32", n_rows=256))
        assert client.context(SETTINGS, cache).n_ctx == 256


def test_a_device_that_cannot_write_the_type_is_found_out(tmp_path: Path) -> None:
    with opened(tmp_path, READ_ONLY) as client:
        error = refusal(client, Q8_0)
        assert error.code == DEVICE_LIMIT
        assert error.message == "CPU cannot write 64 rows of q8_0 to cache_k_l0 at once."


def test_what_llama_cpp_itself_says_no_to_is_left_to_it(tmp_path: Path) -> None:
    with opened(tmp_path, OF_1_MIB) as client:
        in_half_blocks = replace(Q8_0, n_elements=80, n_rows=2**30)
        unknown_device = replace(ABOVE, device="CUDA7")
        assert client.context(SETTINGS, (in_half_blocks, unknown_device)).n_ctx == 256
        no_type = replace(SETTINGS, cache_type_k="q4_K")
        assert refusal(client, replace(ABOVE, cache_type="q4_K"), settings=no_type).code == "engine-request"


def test_a_processor_has_no_such_limit(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        assert client.context(SETTINGS, (replace(AT, n_rows=2**32), replace(Q8_0, n_rows=2**32))).n_ctx == 256
