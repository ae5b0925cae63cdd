"""A thousand plans and fifty proofs in one program, and what stays behind: `make soak`.

`python -m tests.soak [PLANS PROOFS]`. Ends with code 1 if a process, an open file, a thread or more memory
than `MOST_GROWTH_BYTES` is left.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.soak.soaking import MOST_GROWTH_BYTES, Row, soak

PLANS, PROOFS = 1000, 50


def main() -> int:
    plans, proofs = (int(word) for word in sys.argv[1:3]) if len(sys.argv) > 2 else (PLANS, PROOFS)
    with tempfile.TemporaryDirectory() as folder:
        rows = soak(Path(folder), plans, proofs, on_row=show)
    growth = rows[-1].rss_bytes - rows[0].rss_bytes
    is_clean = rows[-1].is_as_clean_as(rows[0])
    say(f"grown by {growth / 2**20:+.1f} MiB; {'nothing' if is_clean else 'something'} is left behind")
    return 0 if is_clean and growth <= MOST_GROWTH_BYTES else 1


def show(row: Row) -> None:
    say(
        f"{row.after:<20} {row.seconds:6.1f} s   RSS {row.rss_bytes / 2**20:7.1f} MiB   "
        f"{row.n_children} processes   {row.n_files} open files   {row.n_threads} threads"
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
