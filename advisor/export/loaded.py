"""What a running Ollama or llama-server has loaded now, asked of itself, and how that compares with a plan.

Only this computer is asked, only when a person wants it, and for a bounded time and size.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from advisor.errors import AdvisorError, UsageError
from advisor.export.choices import TARGETS
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_tokens

ADDRESSES = {"ollama": "http://127.0.0.1:11434", "llama-server": "http://127.0.0.1:8080"}

_SECONDS = 5.0
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """One model in a server's memory. `n_ctx` is one slot's; None for what the server does not say."""

    name: str
    n_ctx: int | None
    n_slots: int | None = None
    size_bytes: int | None = None
    on_gpu_bytes: int | None = None


def ask(to: str, address: str | None = None, *, seconds: float = _SECONDS) -> tuple[Loaded, ...]:
    """What the server behind `to` has loaded; none is an answer.

    Raises UsageError for a program that cannot be asked and for an address that is not this computer's,
    AdvisorError (no-server) where none answers as it should.
    """
    profile = TARGETS[to].profile
    if profile not in ADDRESSES or to == "vllm":
        raise UsageError(
            f"--check: {TARGETS[to].title} cannot be asked what it has loaded.",
            hint="It works for Ollama and llama-server, and what runs on top of them.",
        )
    address = address or ADDRESSES[profile]
    if profile == "ollama":
        return tuple(_of_ollama(_get(address, "/api/ps", seconds), address))
    return (_of_llama_server(_get(address, "/props", seconds), address),)


def differences(it: Loaded, wanted: LoadSettings) -> tuple[str, ...]:
    """Where the load is not what was planned, in sentences; none where it is."""
    return tuple(_differences(it, wanted))


def _differences(it: Loaded, wanted: LoadSettings) -> Iterator[str]:
    n_ctx = wanted.n_ctx_per_slot
    if it.n_ctx is not None and it.n_ctx < n_ctx:
        yield (
            f"{it.name} has {format_tokens(it.n_ctx)} tokens of context instead of {format_tokens(n_ctx)}: "
            "longer texts are cut."
        )
    if it.n_ctx is not None and it.n_ctx > n_ctx:
        yield (
            f"{it.name} has {format_tokens(it.n_ctx)} tokens of context, more than the planned "
            f"{format_tokens(n_ctx)}: it takes more memory."
        )
    if it.n_slots is not None and it.n_slots != wanted.n_seq_max:
        yield f"It has {it.n_slots} slots instead of {wanted.n_seq_max}."
    if it.size_bytes and it.on_gpu_bytes is not None and it.on_gpu_bytes < it.size_bytes:
        beside = format_bytes(it.size_bytes - it.on_gpu_bytes)
        yield f"{beside} of {format_bytes(it.size_bytes)} are not on the GPU, where all is faster."


def _of_ollama(answer: object, address: str) -> Iterator[Loaded]:
    """server/routes.go: PsHandler."""
    models = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise _no_server(address, "its answer is not Ollama's")
    for model in models:
        if not isinstance(model, dict) or not isinstance(model.get("name"), str):
            raise _no_server(address, "its answer is not Ollama's")
        yield Loaded(
            name=model["name"],
            n_ctx=_count(model.get("context_length")),
            size_bytes=_count(model.get("size")),
            on_gpu_bytes=_count(model.get("size_vram")),
        )


def _of_llama_server(answer: object, address: str) -> Loaded:
    """tools/server/server-context.cpp: get_props."""
    settings = answer.get("default_generation_settings") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(settings, dict):
        raise _no_server(address, "its answer is not llama-server's")
    path = answer.get("model_path")
    return Loaded(
        name=path if isinstance(path, str) and path else "The model",
        n_ctx=_count(settings.get("n_ctx")),
        n_slots=_count(answer.get("total_slots")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _get(address: str, path: str, seconds: float) -> object:
    """One GET without redirects and proxies, of at most so many bytes and seconds."""
    host, port = _local(address)
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    late = threading.Event()
    limit: threading.Timer | None = None
    try:
        connection.connect()
        # The timeout counts from one byte to the next; this ends an answer that drips.
        limit = threading.Timer(seconds, _cut, (connection.sock, late))
        limit.start()
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise _no_server(address, f"it answered {response.status}")
        content = bytearray()
        while part := response.read1(65536):
            content += part
            if len(content) > _MAX_BYTES:
                raise _no_server(address, "its answer is too long")
        return _json(bytes(content))
    except (OSError, http.client.HTTPException) as error:
        why = "it took too long" if late.is_set() else _words(error)
        raise _no_server(address, why) from error
    except (ValueError, RecursionError) as error:
        why = "it took too long" if late.is_set() else "its answer is not JSON"
        raise _no_server(address, why) from error
    finally:
        if limit:
            limit.cancel()
        connection.close()


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
            hint=f"Write it like {ADDRESSES['llama-server']}; other computers are not asked.",
        )
    return host, port


def _no_server(address: str, why: str) -> AdvisorError:
    return AdvisorError(
        f"What {address} has loaded could not be found out: {why}.",
        hint="Start the server and load the model, or give its address: --check http://127.0.0.1:PORT",
        code="no-server",
    )
