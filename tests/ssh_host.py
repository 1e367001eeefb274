"""A second host at the other end of ssh: a real sshd, a libvirt of its own, and a line between.

Where root has made another user for the test run (see packaging/dev/other-user), the host is that
user's. Elsewhere it is the user's of the tests, in folders of its own. The line is slow, can be
silent for a while, and can be cut.
"""

import os
import select
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from tests.alone import alone_in

OTHER_USER = Path(os.environ.get("VMDESK_TEST_OTHER_USER", "/nowhere"))
PROGRAM = Path(__file__).parents[1] / "packaging/dev/ssh-host"
PIECE = 65536


class Line:
    """Passes on what comes to ``port``, ``delay`` seconds later; nothing while it ``is_silent``."""

    def __init__(self, target: int, delay: float) -> None:
        self.delay = delay
        self.is_silent = threading.Event()
        self.count = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def cut(self) -> None:
        """Break every connection, as when a cable is pulled and the kernel finds out."""
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Accept nobody any more."""
        self._listener.close()
        self.is_silent.clear()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self.count += 1
            self._open |= {near, far}
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        waiting: deque[tuple[float, bytes]] = deque()
        is_over = False
        while not is_over or waiting:
            try:
                if is_over or not select.select([source], [], [], 0.005)[0]:
                    piece = None
                else:
                    piece = source.recv(PIECE)
            except (OSError, ValueError):  # closed by the other direction
                piece = b""
            if piece is not None:
                is_over = not piece
                waiting.append((time.monotonic() + self.delay, piece))
            if self.is_silent.is_set():
                continue
            try:
                while waiting and waiting[0][0] <= time.monotonic():
                    target.sendall(waiting.popleft()[1])
            except OSError:
                break
        self._open.discard(source)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()


class SshHost:
    """The host. ``environment`` is what a program needs that is to find it by ``uri``."""

    def __init__(self, delay: float = 0.0, passphrase: str = "", is_known: bool = True) -> None:
        # Short, as names of sockets have 108 characters at most.
        self._near = Path(tempfile.mkdtemp(prefix="vms-", dir="/tmp"))
        self._is_own = not (OTHER_USER / "port").exists()
        self._far = self._near / "far" if self._is_own else OTHER_USER
        self._leave = ExitStack()
        self._leave.callback(shutil.rmtree, self._near, ignore_errors=True)
        if self._is_own:
            self._far.mkdir()
            subprocess.run([str(PROGRAM), "start", str(self._far)], check=True)
        else:
            self._leave.enter_context(alone_in(OTHER_USER))
        port = (self._far / "port").read_text().strip()
        self.user = (self._far / "user").read_text().strip()
        self.disks = self._far / "data/disks"
        """Where the host has room for disks; it is for ``run`` alone to look into it."""
        self.line = Line(int(port), delay)
        self.uri = f"qemu+ssh://{self.user}@127.0.0.1:{self.line.port}/session"
        (self._far / "authorized_keys").write_text("")
        self._direct = ["/usr/bin/ssh", "-F", self._make_way("direct", port), "-p", port]
        config = self._make_way("line", str(self.line.port), passphrase, is_known)
        self.known_hosts = self._near / "line.hosts"
        ssh = self._near / "bin/ssh"
        ssh.parent.mkdir()
        ssh.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {config} "$@"\n')
        ssh.chmod(0o755)
        self.environment = {"PATH": f"{ssh.parent}:{os.environ['PATH']}"}

    def __enter__(self) -> "SshHost":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.line.close()
        with self._leave:
            if self._is_own:
                subprocess.run([str(PROGRAM), "stop", str(self._far)], check=True)
            else:
                self.run("sh", "-s", "clear", str(self._far), given=PROGRAM.read_text())

    def run(self, *command: str, given: str = "") -> str:
        """Run a command on the host, past the line, that reads what is ``given``."""
        argv = [*self._direct, f"{self.user}@127.0.0.1", shlex.join(command)]
        done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def virsh(self, *arguments: str, given: str = "") -> str:
        """Act on the host itself."""
        return self.run("virsh", "--connect", "qemu:///session", *arguments, given=given)

    def _make_way(self, name: str, port: str, passphrase: str = "", is_known: bool = True) -> str:
        """Make a key that opens the host; return settings for an ssh that uses it and no other."""
        way = self._near / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name]
        subprocess.run([*command, "-f", str(way)], check=True)
        with (self._far / "authorized_keys").open("a") as authorized:
            authorized.write(way.with_suffix(".pub").read_text())
        if is_known:
            key = (self._far / "host.pub").read_text()
            way.with_suffix(".hosts").write_text(f"[127.0.0.1]:{port} {key}")
        config = way.with_suffix(".config")
        config.write_text(
            f"""
            IdentityFile {way}
            IdentitiesOnly yes
            IdentityAgent none
            UserKnownHostsFile {way}.hosts
            GlobalKnownHostsFile none
            """
        )
        return str(config)
