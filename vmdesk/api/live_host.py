"""The server's connection to libvirt, opened anew after the daemon went away."""

import threading

from vmdesk.core.ask_tools import TERMINAL
from vmdesk.core.host import Host


class LiveHost:
    """Hands out one open ``Host`` to all threads."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        self._host: Host | None = None
        self._is_lost = threading.Event()

    def get(self) -> Host:
        """Return a host that is connected, as far as is known; raise ``OperationError``."""
        with self._lock:
            if self._is_lost.is_set() and self._host is not None:
                self._host.close()
                self._host = None
            if self._host is None:
                self._is_lost.clear()
                host = Host(self._uri, TERMINAL)
                host.open(on_closed=self._is_lost.set)
                self._host = host
            return self._host

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            if self._host is not None:
                self._host.close()
            self._host = None
