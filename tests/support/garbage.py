"""What no sound small file holds: nothing, no text, numbers without end, depth without end, wrong kinds."""

from __future__ import annotations

NUMBERS = (b"-1", b"NaN", b"1e400", b"0x", b"9" * 19, b"9" * 400, b"9" * 5000, b"0x" + b"f" * 500)
BYTES = (b"", b"\0" * 16, b"\xff\xfe\x80", b"garbage", "\N{SUPERSCRIPT TWO}".encode(), b"=" * 100)
# As JSON, YAML, INI and whatever else programs keep their settings in.
DOCUMENTS = (
    *(b"null", b"[]", b"{}", b"[" * 100_000, b'{"a":' * 50_000, b'{"models": 7}', b"- a\n- b: [1", b"[x]\ny"),
    b'{"layers": [1, {}, null, {"digest": 5, "mediaType": []}]}',
    b'{"hash": "..", "files": [{"name": "/", "type": "gguf"}]}',
    b'{"data_folder": 5, "downloadsFolder": [], "model_param": {}, "model": [{}]}',
    b'{"data_folder": "/\\u0000", "downloadsFolder": "/\\ud800", "model": "\\ud800\\u0000"}',
    b"model_path: '\0'\n",
    b"x" * 3_000_000,
)
EVERYTHING = (*NUMBERS, *BYTES, *DOCUMENTS)
