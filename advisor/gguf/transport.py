"""`fetch_range`: one range of bytes of one address, with every promise of the server checked."""

from __future__ import annotations

import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, Protocol
from urllib.parse import urlsplit

from advisor import __version__
from advisor.errors import GgufError
from advisor.gguf.address import LOOPBACK
from advisor.printable import printable

SILENCE_SECONDS = 20.0
PIECE_BYTES = 64 * 1024
MOST_REDIRECTS = 5

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """A part of a file: its bytes, fewer than asked for only at the end, and how large the file is."""

    body: bytes
    size_bytes: int


class Transport(Protocol):
    """Whoever fetches `n_bytes` from `start` within `seconds`. Raises GgufError."""

    def __call__(
        self, url: str, start: int, n_bytes: int, seconds: float, *, token: str | None
    ) -> Answer: ...


def fetch_range(url: str, start: int, n_bytes: int, seconds: float, *, token: str | None) -> Answer:
    """By HTTP. The token goes to the host of `url` and to no other. Raises GgufError (no-answer, not-found,
    forbidden, no-ranges, bad-answer)."""
    host = urlsplit(url).hostname or url
    request = urllib.request.Request(  # noqa: S310 - `model_url` let only https and this computer through
        url,
        headers={
            "Range": f"bytes={start}-{start + n_bytes - 1}",
            "Accept-Encoding": "identity",
            "User-Agent": f"context-advisor/{__version__}",
        },
    )
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    until = time.monotonic() + seconds
    opener = urllib.request.build_opener(_Redirects)
    try:
        with opener.open(request, timeout=min(SILENCE_SECONDS, seconds)) as response:
            if response.status != 206:
                raise _no_ranges(host)
            first, last, size_bytes = _content_range(host, response.headers.get("Content-Range", ""))
            if first != start or last - first >= n_bytes or last >= size_bytes:
                raise _nonsense(host, "it sent another part of the file than was asked for")
            return Answer(_read(response, last - first + 1, until, host), size_bytes)
    except urllib.error.HTTPError as error:
        with error:
            raise _status(host, error.code, start) from None
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise _no_answer(host, error) from None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows few, and never from https to something that others can read."""

    max_redirections = MOST_REDIRECTS
    max_repeats = MOST_REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        parts = urlsplit(newurl)
        is_here = parts.hostname in LOOPBACK and urlsplit(req.full_url).hostname in LOOPBACK
        if parts.scheme != "https" and not is_here:
            fp.close()
            raise _nonsense(urlsplit(req.full_url).hostname or "", "it leads to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read(response: IO[bytes], n_bytes: int, until: float, host: str) -> bytes:
    body = bytearray()
    while len(body) < n_bytes:
        if time.monotonic() > until:
            raise _no_answer(host, TimeoutError())
        piece = response.read(min(PIECE_BYTES, n_bytes - len(body)))
        if not piece:
            raise _nonsense(host, "it stopped in the middle of an answer")
        body += piece
    return bytes(body)


def _content_range(host: str, text: str) -> tuple[int, int, int]:
    found = _CONTENT_RANGE.fullmatch(text.strip())
    if found is None or max(map(len, found.groups())) > 18:
        raise _nonsense(host, "it does not say which part of the file it sent")
    first, last, size_bytes = (int(number) for number in found.groups())
    if last < first:
        raise _nonsense(host, "it does not say which part of the file it sent")
    return first, last, size_bytes


def _status(host: str, code: int, start: int) -> GgufError:
    if code in (401, 403):
        return GgufError(
            f"{host} does not give this file to everyone ({code}).",
            hint="For a private or gated model on Hugging Face, put your token into HF_TOKEN.",
            code="forbidden",
        )
    if code in (404, 410):
        return GgufError(
            f"{host} has no such file ({code}).",
            hint="Check the address; the file may have been renamed.",
            code="not-found",
        )
    if code == 416 and start == 0:
        return GgufError(f"The file on {host} is empty.", hint="Check the address.", code="empty-file")
    return GgufError(f"{host} answered with an error ({code}).", hint="Try again later.", code="no-answer")


def _no_answer(host: str, error: Exception) -> GgufError:
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, ssl.SSLCertVerificationError):
        said = "its certificate is not valid"
    elif isinstance(reason, socket.gaierror):
        said = "there is no such host, or no network"
    elif isinstance(reason, TimeoutError):
        said = "it did not answer in time"
    else:
        said = printable(str(getattr(reason, "strerror", None) or reason) or type(error).__name__)
    return GgufError(
        f"{printable(host)} cannot be read: {said}.",
        hint="Check the address and the connection, then try again.",
        code="no-answer",
    )


def _no_ranges(host: str) -> GgufError:
    return GgufError(
        f"{host} sends only whole files, so the header cannot be read alone.",
        hint="Download the file, or take it from another place.",
        code="no-ranges",
    )


def _nonsense(host: str, finding: str) -> GgufError:
    return GgufError(
        f"{host} cannot be used: {finding}.", hint="Take the file from another place.", code="bad-answer"
    )
