"""A system instance of libvirt that polkit guards, as root has started it for the test run.

See packaging/dev/polkit: this user's password opens it, and nobody asks for it unless vmdesk does.
"""

import os
from pathlib import Path

import pytest

_FOLDER = Path(os.environ.get("VMDESK_TEST_POLKIT", "/nowhere"))
_SOCKET = _FOLDER / "libvirt/run/libvirt-sock"
URI = f"qemu:///system?socket={_SOCKET}"


def password() -> str:
    """Return this user's password; skip the test where there is no such libvirt."""
    if not os.access(_SOCKET, os.W_OK):
        pytest.skip("VMDESK_TEST_POLKIT has no libvirt: root starts it for the whole test run")
    return (_FOLDER / "password").read_text().strip()
