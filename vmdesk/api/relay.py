"""TLS in front of the server: takes it off and passes what is inside on to a UNIX socket."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path

from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

HANDSHAKE_TIMEOUT = 10.0
"""Seconds that a client has to agree on a key."""
CONNECTIONS = 200
_CHUNK = 64 * 1024


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what a certificate (with its chain) and its key make possible.

    Raises ``OperationError`` (invalid value) for files that are neither.
    """
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        made.load_cert_chain(certificate, key)
    except OSError as exc:
        raise OperationError(
            _("{certificate} and {key} are no certificate and its key.").format(
                certificate=certificate, key=key
            ),
            _("Both must be PEM files that this user may read, the key without a password."),
            str(exc),
            Cause.INVALID_VALUE,
        ) from exc
    return made


class Relay:
    """A thread that accepts TLS connections on a port."""

    def __init__(self, address: str, port: int, tls: ssl.SSLContext, inner: Path) -> None:
        self._inner = inner
        self._loop = asyncio.new_event_loop()
        self._room = asyncio.Semaphore(CONNECTIONS)
        try:
            self._server = self._loop.run_until_complete(
                asyncio.start_server(
                    self._serve,
                    address,
                    port,
                    ssl=tls,
                    ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
                )
            )
        except (OSError, OverflowError) as exc:
            self._loop.close()
            place = f"{address}:{port}"
            raise OperationError(
                _("The server can’t listen on {place}.").format(place=place), details=str(exc)
            ) from exc
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever, name="TLS")
        self._thread.start()

    def close(self) -> None:
        """Cut all connections and end the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that vanishes, or does not speak TLS, ends its own connection only.
        with contextlib.suppress(OSError, asyncio.CancelledError):
            async with self._room:
                inner_reader, inner_writer = await asyncio.open_unix_connection(self._inner)
                try:
                    await _first_done(_pump(reader, inner_writer), _pump(inner_reader, writer))
                finally:
                    inner_writer.close()
        writer.close()


async def _first_done(*pumps: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(pump) for pump in pumps]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
