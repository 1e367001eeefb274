"""Further libvirts of this user, each with a name of its own, as if on another computer."""

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import libvirt
import pytest

from tests.alone import give_ports
from vmdesk.core.host import Host

DEADLINE = 20
"""Seconds for a daemon to answer, or to end."""


def end(pid_file: Path, sig: signal.Signals = signal.SIGKILL) -> None:
    """End a process of which only a file tells, and wait for it."""
    try:
        process = os.pidfd_open(int(pid_file.read_text()))
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return
    try:
        signal.pidfd_send_signal(process, sig)
        assert select.select([process], [], [], DEADLINE)[0], f"{pid_file.stem} does not end"
    finally:
        os.close(process)


def open_remotely(folders: Mapping[str, Path], helper: Path) -> Host:
    """Connect to the libvirt in ``folders`` as if it were on another computer.

    ``helper`` is the program that it is connected through, and made for this.
    """
    # libvirt hands none of these on to the program that it is to connect through.
    settings = " ".join(f"{name}={folder}" for name, folder in folders.items())
    helper.write_text(f"#!/bin/sh\nexec env {settings} virt-ssh-helper qemu:///session\n")
    helper.chmod(0o700)
    host = Host(f"qemu+ext://elsewhere/session?command={helper}")
    host.open()
    return host


class Cable:
    """Two networks with nothing in them but a cable that joins them, and a computer at each end.

    Who is at an end knows both computers by name. An ordinary user makes this, and nobody else
    sees it.
    """

    def __init__(self, folder: Path, names: tuple[str, str]) -> None:
        """Lay it; skips the test where this user may not."""
        hosts = folder / "hosts"
        addresses = [f"10.99.0.{number}" for number, _name in enumerate(names, 1)]
        hosts.write_text("".join(map("{} {}\n".format, addresses, names)))
        mine = ("unshare", "--map-root-user", "--net", "--mount")
        self._ends: list[subprocess.Popen[str]] = []
        self._keep(*mine, also=f"mount --bind {hosts} /etc/hosts")
        self._keep(*self.at(0), "unshare", "--net")
        other = str(self._ends[1].pid)
        self._run(0, "link", "add", "cable", "type", "veth", "peer", "cable", "netns", other)
        for end, address in enumerate(addresses):
            self._run(end, "address", "add", f"{address}/24", "dev", "cable")
            self._run(end, "link", "set", "cable", "up")

    def at(self, end: int) -> tuple[str, ...]:
        """Return the command that runs another one at an end, 0 or 1."""
        spaces = ("--user", "--net", "--mount", "--preserve-credentials")
        return ("nsenter", f"--target={self._ends[end].pid}", *spaces)

    def received(self, end: int) -> int:
        """Return how many bytes have come out at an end."""
        (told,) = json.loads(self._run(end, "-stats", "-json", "link", "show", "cable"))
        return int(told["stats64"]["rx"]["bytes"])

    def pull(self) -> None:
        """Let nothing come through any more."""
        self._run(0, "link", "set", "cable", "down")

    def remove(self) -> None:
        """Let both networks go."""
        for end in self._ends:
            end.communicate()

    def _keep(self, *argv: str, also: str = ":") -> None:
        script = f"{also} && ip link set lo up && echo made && read _"
        pipe = subprocess.PIPE
        kept = subprocess.Popen([*argv, "sh", "-c", script], stdin=pipe, stdout=pipe, text=True)
        self._ends.append(kept)
        assert kept.stdout is not None
        if not kept.stdout.readline():
            self.remove()
            pytest.skip("no networks of one's own")

    def _run(self, end: int, *argv: str) -> str:
        command = [*self.at(end), "ip", *argv]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class OtherLibvirt:
    """A daemon in folders of its own, whose computer has a name and a UUID of its own.

    A user namespace lets an ordinary user name a computer; the daemon has no further rights in it.
    """

    def __init__(self, root: Path, name: str, cache: Path) -> None:
        """``cache`` is where another libvirt keeps its files that make it quick."""
        self.root = root
        self.name = name
        self.disks = root / "disks"
        self.folders = {
            f"XDG_{key}": root / key.partition("_")[0].lower()
            for key in ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME", "STATE_HOME")
        }
        for folder in (*self.folders.values(), self.disks):
            folder.mkdir(mode=0o700)
        # It takes seconds to find out what QEMU can do.
        known = cache / "libvirt/qemu/cache"
        known.mkdir(parents=True, exist_ok=True)
        link = self.folders["XDG_CACHE_HOME"] / "libvirt/qemu/cache"
        link.parent.mkdir(parents=True)
        link.symlink_to(known)
        give_ports(self.folders["XDG_CONFIG_HOME"])
        settings = self.folders["XDG_CONFIG_HOME"] / "libvirt/libvirtd.conf"
        settings.write_text(f'host_uuid = "{uuid4()}"\n')
        socket = self.folders["XDG_RUNTIME_DIR"] / "libvirt/libvirt-sock"
        self.uri = f"qemu+unix:///session?socket={socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, inside: Sequence[str] = ()) -> None:
        """Start the daemon; skips the test where this user may not name a computer.

        ``inside`` is a command that runs another one elsewhere: at an end of a ``Cable``.
        """
        naming = f"hostname {self.name} && exec setpriv --ambient-caps -all --inh-caps -all"
        who = (f"--map-user={os.getuid()}", f"--map-group={os.getgid()}")
        argv = [*inside, "unshare", *who, "--keep-caps", "--uts"]
        argv += ["sh", "-c", f"{naming} libvirtd"]
        environment = os.environ | {key: str(folder) for key, folder in self.folders.items()}
        with (self.root / "log").open("wb") as log:
            self._process = subprocess.Popen(argv, env=environment, stderr=log)
        deadline = time.monotonic() + DEADLINE
        while not self._answers():
            if self._process.poll() is not None:
                pytest.skip(
                    f"no computer of another name: {(self.root / 'log').read_text()[-200:]}"
                )
            assert time.monotonic() < deadline, "libvirtd does not answer"

    def _answers(self) -> bool:
        try:
            libvirt.open(self.uri).close()
        except libvirt.libvirtError:
            time.sleep(0.02)
            return False
        return True

    def open(self) -> Host:
        """Return a new connection."""
        host = Host(self.uri)
        host.open()
        return host

    def kill(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """End the daemon and wait for it; its guests go on."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(sig)
        self._process.wait(DEADLINE)

    def make_pool(self, name: str = "default", folder: Path | None = None) -> Path:
        """Have a pool of files."""
        folder = folder or self.disks
        host = self.open()
        host.connection.storagePoolCreateXML(
            f"<pool type='dir'><name>{name}</name><target><path>{folder}</path></target></pool>"
        )
        host.close()
        return folder

    def destroy(self) -> None:
        """End all guests and the daemon, and remove its files."""
        runtime = self.folders["XDG_RUNTIME_DIR"] / "libvirt"
        for file in (runtime / "qemu/run").glob("*.pid"):
            end(file)
        end(runtime / "virtlogd.pid")
        self.kill(signal.SIGTERM)
        shutil.rmtree(self.root)
