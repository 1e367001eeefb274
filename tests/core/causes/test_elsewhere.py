"""What is said where something is missing or forbidden that is there on this computer."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.elsewhere import Elsewhere
from vmdesk.core import causes

# What libvirt says of a deed, by the name of its cause.
_DEED = """
import sys
import libvirt
from vmdesk.core import causes
libvirt.registerErrorHandler(lambda *_arguments: None, None)
connection = None
try:
    connection = libvirt.open(sys.argv[1])
    connection.createXML(sys.argv[2])
except libvirt.libvirtError as error:
    known = causes.of_libvirt(error)
    print(known.key if known is not None else error)
"""

WITH_TPM = """<domain type='qemu'><name>t</name><memory>65536</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>
<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices></domain>"""


def _deed(uri: str, xml: str = "") -> str:
    return f"as_user {shlex.join([sys.executable, '-c', _DEED, uri, xml])}\n"


@pytest.mark.hypervisor
def test_a_tpm_needs_swtpm(elsewhere: Elsewhere) -> None:
    script = "rm /usr/bin/swtpm*\n" + _deed("qemu:///session", WITH_TPM)
    assert elsewhere.run(script, changing=["/usr/bin"]).strip() == "no tpm"


def test_a_libvirt_that_asks_for_a_password_where_nobody_can_give_it(elsewhere: Elsewhere) -> None:
    script = """
        kill "$(cat "$top/libvirtd.pid")"
        while kill -0 "$(cat "$top/libvirtd.pid")" 2>/dev/null; do sleep 0.05; done
        sed -i s/none/sasl/ "$top/libvirtd.conf"
        libvirtd --daemon --config "$top/libvirtd.conf" --pid-file "$top/libvirtd.pid"
    """
    script += _deed("qemu:///system")
    assert elsewhere.run(script, system_libvirt=True).strip() == "not let in"


def test_a_disk_that_is_mounted_read_only(elsewhere: Elsewhere) -> None:
    script = "mkdir $top/ro; mount -t tmpfs -o ro none $top/ro\n"
    script += "as_user qemu-img create -q -f qcow2 $top/ro/new 1M 2>&1 || true\n"
    known = causes.of_program(elsewhere.run(script))
    assert known is not None
    assert known.key == "read-only file system"


@pytest.mark.mounts
def test_a_share_of_the_disk_that_is_used_up(mounts: Path) -> None:
    folder = mounts / "btrfs/quota"
    if not folder.is_dir():
        pytest.skip("this btrfs has no quotas")
    target = folder / "new"
    target.unlink(missing_ok=True)
    argv = ["qemu-img", "create", "-q", "-f", "raw", "-o", "preallocation=full", str(target), "8M"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    known = causes.of_program(done.stderr)
    assert known is not None
    assert known.key == "quota"
    with pytest.raises(OSError, match="quota") as caught:
        target.write_bytes(os.urandom(8 << 20))
    of_system = causes.of_system(caught.value)
    assert of_system is not None
    assert of_system.key == "quota"
