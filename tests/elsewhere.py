"""This computer as it would be with something missing, changed or closed, without touching it.

A mount namespace of one's own, which an ordinary user may make: programs are really gone in it,
and a libvirt of the system really runs in it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_ROOT = ["unshare", "--user", "--map-root-user", "--mount", "--net"]

# Overlays need a file system below them that is none, such as a tmpfs.
_BEGIN = """
set -eu
top=$1 user=$2 group=$3; shift 3
mount -t tmpfs none "$top"
for place in RUNTIME_DIR CONFIG_HOME CACHE_HOME DATA_HOME STATE_HOME; do
    mkdir -m 700 "$top/$place"
    export "XDG_$place=$top/$place"
done
stop() {
    for pid in "$top/libvirtd.pid" "$top/RUNTIME_DIR/libvirt/libvirtd.pid"; do
        [ ! -e "$pid" ] || kill "$(cat "$pid")"
    done
}
trap stop EXIT
ip link set lo up
overlay() {
    mkdir -p "$top/changed$1/upper" "$top/changed$1/work"
    mount -t overlay none "$1" -o \\
        "userxattr,lowerdir=$1,upperdir=$top/changed$1/upper,workdir=$top/changed$1/work"
}
as_user() { unshare --user --map-user="$user" --map-group="$group" -- "$@"; }
for changing; do overlay "$changing"; done
"""

# As "systemctl start libvirtd" would, with what it makes in places of its own.
_SYSTEM_LIBVIRT = """
for place in /run /var/lib/libvirt /var/cache/libvirt /etc/libvirt; do
    mount -t tmpfs none "$place"
done
mkdir -p /run/libvirt /run/lock "$top/log"
mount --bind "$top/log" /var/log/libvirt 2>/dev/null || true
echo 'user = "root"
group = "root"' >/etc/libvirt/qemu.conf
echo 'auth_unix_rw = "none"
unix_sock_rw_perms = "0777"' >"$top/libvirtd.conf"
libvirtd --daemon --config "$top/libvirtd.conf" --pid-file "$top/libvirtd.pid"
"""


DEV = """
mkdir "$top/dev"
for node in null zero full random urandom tty; do
    touch "$top/dev/$node"
    mount --bind "/dev/$node" "$top/dev/$node"
done
mount --rbind "$top/dev" /dev
"""
"""In a script: a /dev, at ``$top/dev``, with all that programs need but KVM."""


@cache
def _can_be_made() -> bool:
    argv = [*_ROOT, "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


class Elsewhere:
    """Runs scripts as a root of its own, who is nobody outside; ``as_user`` goes back."""

    def __init__(self, folder: Path) -> None:
        """Use an empty ``folder`` with a short path: sockets have no long ones."""
        if os.geteuid() == 0:
            pytest.skip("root is denied nothing")
        if not _can_be_made():
            pytest.skip("an ordinary user may not make namespaces here")
        self._folder = folder

    def run(
        self, script: str, *, changing: Sequence[str] = (), system_libvirt: bool = False
    ) -> str:
        """Run a shell script in which all below ``changing`` can be changed; return what it says.

        ``$top`` is a folder for anything. With ``system_libvirt`` its daemon runs meanwhile.
        """
        text = _BEGIN + (_SYSTEM_LIBVIRT if system_libvirt else "") + script
        argv = [*_ROOT, "sh", "-c", text, "sh", str(self._folder)]
        argv += [str(os.getuid()), str(os.getgid()), *changing]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def doctor(self, uri: str = "qemu:///session") -> str:
        """Return the line of a script in which the user asks the doctor."""
        command = [sys.executable, "-m", "vmdesk.cli", "--connect", uri, "doctor", "--json"]
        return f"as_user {' '.join(command)} | tr -d '\\n'; echo\n"


def findings(line: str) -> dict[str, dict[str, Any]]:
    """Read what the doctor has said, by the names of its checks."""
    return {finding["check"]: finding for finding in json.loads(line)}
