"""A second host at the other end of ssh: a real sshd, a libvirt of its own, and a line between.

The sshd runs as the user of the tests, so it takes keys alone and lets in nobody else. What it
starts has folders of its own, so libvirt starts another daemon there. The line is slow, can be
silent for a while, and can be cut.
"""

import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType

USER_FOLDERS = ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME", "STATE_HOME")
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
        self.folder = Path(tempfile.mkdtemp(prefix="vms-", dir="/tmp"))
        self._make_keys(passphrase)
        port = _free_port()
        self._sshd = self._start(port)
        self.line = Line(port, delay)
        self.uri = f"qemu+ssh://127.0.0.1:{self.line.port}/session"
        self.known_hosts = self.folder / "known_hosts"
        if is_known:
            key = (self.folder / "host.pub").read_text()
            self.known_hosts.write_text(f"[127.0.0.1]:{self.line.port} {key}")
        self.environment = {"PATH": f"{self._own_ssh()}:{os.environ['PATH']}"}

    def __enter__(self) -> "SshHost":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.line.close()
        for file in self.folder.glob("runtime/libvirt/qemu/run/*.pid"):
            _kill(file, signal.SIGKILL)
        _kill(self.folder / "runtime/libvirt/libvirtd.pid", signal.SIGTERM)
        self._sshd.terminate()
        self._sshd.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def virsh(self, *arguments: str) -> str:
        """Act on the host itself."""
        command = ["virsh", "--connect", "qemu:///session", *arguments]
        environment = os.environ | self._folders()
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _folders(self) -> dict[str, str]:
        return {
            f"XDG_{name}": str(self.folder / name.split("_")[0].lower()) for name in USER_FOLDERS
        }

    def _make_keys(self, passphrase: str) -> None:
        for name, secret in (("host", ""), ("key", passphrase)):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", secret, "-C", name]
            subprocess.run([*command, "-f", str(self.folder / name)], check=True)
        for folder in self._folders().values():
            Path(folder).mkdir(mode=0o700)

    def _start(self, port: int) -> "subprocess.Popen[bytes]":
        folders = " ".join(f"{name}={folder}" for name, folder in self._folders().items())
        config = self.folder / "sshd_config"
        config.write_text(
            f"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {self.folder}/host
            AuthorizedKeysFile {self.folder}/key.pub
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            SetEnv {folders}
            """
        )
        log = self.folder / "sshd.log"
        # sshd wants its full name, to start itself anew for each connection.
        sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", str(config), "-E", str(log)])
        _await_port(port)
        return sshd

    def _own_ssh(self) -> Path:
        """Write an ssh that uses none of the user's keys and settings."""
        config = self.folder / "ssh_config"
        config.write_text(
            f"""
            IdentityFile {self.folder}/key
            IdentitiesOnly yes
            IdentityAgent none
            UserKnownHostsFile {self.known_hosts}
            GlobalKnownHostsFile none
            """
        )
        folder = self.folder / "bin"
        folder.mkdir()
        ssh = folder / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {config} "$@"\n')
        ssh.chmod(0o755)
        return folder


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise TimeoutError("sshd does not listen")


def _kill(file: Path, number: signal.Signals) -> None:
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.kill(int(file.read_text()), number)
