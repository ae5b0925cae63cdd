"""One question to a server on this computer and to no other one, of bounded time and size."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import threading
from urllib.parse import urlsplit

from advisor.errors import AdvisorError, UsageError

_MAX_BYTES = 4 * 1024 * 1024


def asked(address: str, path: str, seconds: float, body: object = None) -> object:
    """The JSON that a GET of `path` brings, or a POST of `body`, without redirects and proxies.

    Raises UsageError for an address that is not this computer's, AdvisorError (no-server) for everything
    but such an answer within `seconds`.
    """
    host, port = _local(address)
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    late = threading.Event()
    limit: threading.Timer | None = None
    try:
        connection.connect()
        # The timeout counts from one byte to the next; this ends an answer that drips.
        limit = threading.Timer(seconds, _cut, (connection.sock, late))
        limit.start()
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            return _json(_content(response, address))
    except (OSError, http.client.HTTPException) as error:
        why = "it took too long" if late.is_set() else _words(error)
        raise no_server(address, why) from error
    except (ValueError, RecursionError) as error:
        why = "it took too long" if late.is_set() else "its answer is not JSON"
        raise no_server(address, why) from error
    finally:
        if limit:
            limit.cancel()
        connection.close()


def no_server(address: str, why: str) -> AdvisorError:
    """The error for a server that does not answer as it should."""
    return AdvisorError(
        f"What {address} has loaded could not be found out: {why}.",
        hint=(
            "Start the server (LM Studio's with lms server start) and load the model, or give its address: "
            "--check http://127.0.0.1:PORT"
        ),
        code="no-server",
    )


def _content(response: http.client.HTTPResponse, address: str) -> bytes:
    if response.status != 200:
        raise no_server(address, f"it answered {response.status}")
    content = bytearray()
    while part := response.read1(65536):
        content += part
        if len(content) > _MAX_BYTES:
            raise no_server(address, "its answer is too long")
    return bytes(content)


def _cut(connection: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _words(error: OSError | http.client.HTTPException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _json(content: bytes) -> object:
    answer: object = json.loads(content)
    return answer


def _local(address: str) -> tuple[str, int]:
    """Host and port of an http address on this computer. Raises UsageError for any other."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname or "", parts.port or 80
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here, parts = False, urlsplit("")
    if not is_here or parts.scheme != "http":
        raise UsageError(
            f"--check: {address!a} is not an address of this computer.",
            hint="Write it like http://127.0.0.1:8080; other computers are not asked.",
        )
    return host, port
