"""Fixtures for operations: a folder of one's own for the history, and fresh hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FOLDERS
from vmdesk.core.host import Host

TEST_DOMAIN = """
<node>
  <network><name>default</name><bridge name='virbr0'/></network>
  <domain type='test'>
    <name>test</name>
    <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
    <memory unit='KiB'>8388608</memory>
    <currentMemory unit='KiB'>2097152</currentMemory>
    <vcpu placement='static'>2</vcpu>
    <os><type arch='x86_64'>hvm</type></os>
    <devices>
      <disk type='file' device='disk'>
        <source file='/guest/disk.img'/><target dev='vda' bus='virtio'/>
      </disk>
      <interface type='user'><mac address='52:54:00:00:00:01'/></interface>
      <graphics type='spice' autoport='yes'/>
    </devices>
  </domain>
</node>"""


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """vmdesk's own data folder, as “history” and others see it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg-data"))
    return tmp_path / "xdg-data" / "vmdesk"


@pytest.fixture
def fresh_host(tmp_path: Path, libvirt_events: None) -> Iterator[Host]:
    """libvirt's test driver with one running domain, ``test``, that no other test has changed."""
    node = tmp_path / "node.xml"
    node.write_text(TEST_DOMAIN)
    host = Host(f"test://{node}")
    host.open()
    yield host
    host.close()


@pytest.fixture
def remote_host(private_host: Host, tmp_path: Path) -> Iterator[Host]:
    """The private daemon once more, as it looks when it is on another computer."""
    helper = tmp_path / "connect"
    # libvirt hands none of these on to the program that it is to connect through.
    settings = " ".join(f"{name}={folder}" for name, folder in FOLDERS.items())
    helper.write_text(f"#!/bin/sh\nexec env {settings} virt-ssh-helper qemu:///session\n")
    helper.chmod(0o700)
    host = Host(f"qemu+ext://elsewhere/session?command={helper}")
    host.open()
    yield host
    host.close()


@pytest.fixture
def uuid(fresh_host: Host) -> str:
    """The UUID of the fresh host's domain."""
    return fresh_host.lookup("test").uuid
