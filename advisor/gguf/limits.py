"""How large a header may be, in one place.

A model file comes from a stranger: a few bytes can declare terabytes. Each limit is far above any real
model and low enough that the worst file costs seconds and some hundred MiB, never the computer. All of
them hold beside the first rule: nothing may be larger than the bytes that the file really has left.
"""

from __future__ import annotations

# The largest real headers (262,144 tokens, merges, an embedded tokenizer.json) stay below 64 MiB.
MAX_HEADER_BYTES = 128 * 1024 * 1024

# Real models have 20 to 200 keys; merged models list their ancestors in a few hundred.
MAX_KV_COUNT = 4096

# DeepSeek-V3 has 1,025; models with one tensor per expert have some thousands. Of a whole set of shards.
MAX_TENSOR_COUNT = 65_536

# split.count is an u16 and file names have five digits; the largest published sets have some 200 shards.
MAX_SHARD_COUNT = 1024

# The GGUF specification's own limit for a key.
MAX_KEY_BYTES = 65_535

# The specification and llama.cpp (GGML_MAX_NAME in ggml.h) stop at 64, forks allow 128.
MAX_TENSOR_NAME_BYTES = 255

# An embedded tokenizer.json has 33 MB in Gemma 3.
MAX_STRING_BYTES = 64 * 1024 * 1024

# The largest vocabularies have 262,144 tokens, merges about twice as many entries.
MAX_ARRAY_LENGTH = 1 << 24

# Longer arrays are walked past, not kept. Per-layer values have one entry a layer: some hundred at most.
KEPT_ARRAY_LENGTH = 1024

# Arrays of arrays are legal but unused (llama.cpp refuses them): the depth bounds the recursion, the
# number of inner arrays in one header bounds the time.
MAX_NESTING_DEPTH = 4
MAX_NESTED_ARRAYS = 65_536

# ggml.h: GGML_MAX_DIMS.
MAX_DIMS = 4

# One dimension and their product. The largest single tensors (all experts of one layer) have about 2^34.
MAX_DIM = 1 << 32
MAX_ELEMENTS = 1 << 40

# Where a tensor may end. The largest models have about 2 TiB.
MAX_DATA_BYTES = 1 << 46

# Of every tensor's start in the file; a power of two. Files are aligned to 32, sometimes to a memory page.
DEFAULT_ALIGNMENT = 32
MAX_ALIGNMENT = 1 << 20
