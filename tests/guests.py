"""Real guests from Debian packages, and the parts of tests that look at them."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vmdesk.core.job import Job, Progress

MEMTEST_ISO = Path("/usr/lib/memtest86+/memtest86+x64.iso")
"""Draws its screen within seconds and ignores a request to shut down. From ``memtest86+``."""
IPXE_ISO = Path("/usr/lib/ipxe/ipxe.iso")
"""Ends at a prompt of a few lines where it finds nothing to boot. From ``ipxe``."""


class Stage(Job):
    """A job that is cancelled as soon as its progress says ``text``."""

    def __init__(self, text: str) -> None:
        super().__init__(self._look)
        self._wanted = text
        self.was_reached = False

    def _look(self, progress: Progress) -> None:
        if self._wanted in progress.text:
            self.was_reached = True
            self.cancel()


class Waiting(Job):
    """A job that calls ``then`` with itself as soon as it waits for what a cancel can break off."""

    def __init__(self, then: Callable[[Job], object]) -> None:
        super().__init__()
        self._then = then

    @contextmanager
    def stopping_with(self, stop: Callable[[], object]) -> Iterator[None]:
        with super().stopping_with(stop):
            self._then(self)
            yield


class PoliteGuest:
    """A guest of one sector that powers off when it is asked to, and says when it is ready.

    Its second serial port is a socket, on which it writes ``!`` each time that it has booted.
    """

    # mov dx,PM1_EN; mov ax,PWRBTN_EN; out dx,ax; mov dx,COM2; mov al,"!"; out dx,al; sti;
    # next: hlt; mov dx,PM1_STS; in ax,dx; test ah,PWRBTN_STS>>8; jz next;
    # mov dx,PM1_CNT; mov ax,SLP_EN; out dx,ax; jmp $ (where SeaBIOS puts q35's ACPI registers)
    _CODE = bytes.fromhex(
        "ba0206 b80001 ef baf802 b021 ee fb f4 ba0006 ed f6c401 74f6 ba0406 b80020 ef ebfe"
    )

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "polite.img"
        sector = self._CODE.ljust(510, b"\0") + b"\x55\xaa"
        # SeaBIOS does not boot from a smaller disk.
        self.disk.write_bytes(sector.ljust(1024**2, b"\0"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / "com2"))
        self._listener.listen()
        self._connection: socket.socket | None = None
        serial = f"<source mode='connect' path='{folder / 'com2'}'/><target port='1'/>"
        self.devices = f"<serial type='unix'>{serial}</serial>"

    def wait_until_ready(self) -> None:
        """Block until the guest has booted, again."""
        if self._connection is None:
            self._listener.settimeout(30)
            self._connection, _address = self._listener.accept()
            self._connection.settimeout(30)
        assert self._connection.recv(1) == b"!"

    def close(self) -> None:
        self._listener.close()
        if self._connection is not None:
            self._connection.close()


def snapshot(folder: Path, ignoring: Callable[[Path], bool] = lambda _path: False) -> set[Path]:
    """Return every file below ``folder``."""
    return {path for path in folder.rglob("*") if path.is_file() and not ignoring(path)}
