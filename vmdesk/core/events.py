"""libvirt's event loop: one implementation for the process, driven by Qt or by a thread.

libvirt's default implementation lives in GLib's default main context. Where Qt uses the same GLib
its own loop fires libvirt's events, on the main thread; elsewhere (``QT_NO_GLIB=1``, a packaged
second copy of GLib, a program without Qt) nobody would, so a thread does.
"""

import atexit
import threading
from collections.abc import Callable

import libvirt

END_TIMEOUT = 2.0
"""Seconds that a callback has to return when the program ends."""

_started = threading.Lock()


def register() -> None:
    """Register the event implementation and silence libvirt's messages on stderr.

    Call it once, before any connection is opened.
    """
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    libvirt.virEventRegisterDefaultImpl()


def add_probe(fired: Callable[[], object]) -> None:
    """Call ``fired`` as soon as somebody's loop drives libvirt's events, by a timer of 0 ms.

    If that does not happen, call ``start_thread``.
    """

    def once(timer: int, _opaque: object) -> None:
        libvirt.virEventRemoveTimeout(timer)
        fired()

    libvirt.virEventAddTimeout(0, once, None)


def start_thread() -> None:
    """Drive libvirt's events from a thread until the program ends; a second call does nothing."""
    if not _started.acquire(blocking=False):
        return
    ending = threading.Event()

    def run() -> None:
        while not ending.is_set():
            libvirt.virEventRunDefaultImpl()

    # Without a timer the loop would sleep through file handles that other threads add.
    timer = libvirt.virEventAddTimeout(500, lambda _timer, _opaque: None, None)
    thread = threading.Thread(target=run, name="libvirt events", daemon=True)
    thread.start()

    def end() -> None:
        ending.set()
        libvirt.virEventUpdateTimeout(timer, 0)
        thread.join(END_TIMEOUT)

    # A callback into an interpreter that is being taken down crashes it.
    atexit.register(end)
