"""A coverage-guided attack on the header reader: `make fuzz`, or `python -m tests.fuzz [SECONDS]`.

Starts from sound headers and from every kind of broken one that the tests know. Whatever the bytes: nothing
but our own error comes out, no input takes longer than a second, and memory stays bounded. What breaks that
is written to build/fuzz and ends the run; it then belongs into tests/advisor/gguf as a test.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["advisor.gguf", "advisor.model"]):
    from advisor.errors import ModelError
    from advisor.gguf.reader import joined, read_shard
    from advisor.model.build import facts

from tests.support.gguf_bytes import HEADS, Array, BytesSource, GgufBytes, TensorSpec, expand_head, head_names

SECONDS = 60
SECONDS_PER_INPUT = 1
RSS_MIB = 1024
MOST_BYTES = 64 * 1024
N_HEADS = 12
FOUND = Path("build/fuzz")


def one_input(data: bytes) -> None:
    """Read `data` as a header, and what it says as a model."""
    with contextlib.suppress(ModelError):
        header = joined((Path("model.gguf"),), lambda _path, index: read_shard(BytesSource(data), index))
        facts(header)


def write_corpus(folder: Path) -> None:
    """Sound headers to start from: made ones, and the beginnings of real ones as far as they are short."""
    keys = {"general.architecture": "llama", "llama.block_count": 1, "llama.context_length": 512}
    shape = {"llama.embedding_length": 64, "llama.attention.head_count": 2}
    tensors = [TensorSpec("token_embd.weight", (64, 32)), TensorSpec("blk.0.attn_q.weight", (64, 64))]
    (folder / "small").write_bytes(GgufBytes({**keys, **shape}, tensors).build())
    nested = {"rows": Array(9, [Array(8, ["a", ""])]), "tokens": [f"t{n}" for n in range(40)]}
    (folder / "nested").write_bytes(GgufBytes({**keys, **nested}, tensors, byte_order="big").build())
    with tempfile.TemporaryDirectory() as scratch:
        short = sorted(head_names(), key=lambda name: (HEADS / f"{name}.head.gz").stat().st_size)[:N_HEADS]
        for name in short:
            with expand_head(name, Path(scratch)).open("rb") as file:
                (folder / name).write_bytes(file.read(MOST_BYTES))


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    FOUND.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        write_corpus(Path(corpus))
        options = [
            f"-max_total_time={seconds}",
            f"-timeout={SECONDS_PER_INPUT}",
            f"-rss_limit_mb={RSS_MIB}",
            f"-max_len={MOST_BYTES}",
            f"-artifact_prefix={FOUND}/",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
