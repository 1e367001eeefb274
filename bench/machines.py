"""Make the machines that windows show: real ones, and a file for libvirt's test driver."""

from pathlib import Path

import libvirt

from tests.core.operations import token_machine
from tests.e2e.session import URI
from vmdesk.core import events
from vmdesk.core.host import Host

SIGNAL = "a-signal"
"""The machine whose state changes; the first in the order of names."""
RUNNING = 3
"""So many run, with a guest that does nothing."""
_SCREEN = "<graphics type='vnc'/><video><model type='vga'/></video>"


class Machines:
    """The machines of a private session; the process that has them starts none of its own."""

    def __init__(self, folder: Path) -> None:
        events.register()
        events.start_thread()
        self._folder = folder
        self._host = Host(URI)
        self._host.open()
        self._count = 0

    def grow(self, count: int) -> None:
        """Have so many."""
        for number in range(self._count, count):
            name = SIGNAL if number == 0 else f"machine-{number:04}"
            if number < RUNNING:
                disk = token_machine.make_raw(self._folder / f"{name}.img", "ready")
                token_machine.define(self._host, name, [(disk, "raw")], "", _SCREEN).create()
            else:
                token_machine.define(self._host, name, [], "", _SCREEN)
        self._count = count

    def change(self, state: int) -> None:
        """Bring the signal to one of two states: running, or paused."""
        domain = self._host.connection.lookupByName(SIGNAL)
        if state == 0 and domain.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
            domain.resume()
        elif state == 1:
            domain.suspend()

    def close(self) -> None:
        self._host.close()


def test_file(path: Path, count: int) -> str:
    """Write so many machines for libvirt's test driver; return the URI."""
    machines = "".join(_in_file(number) for number in range(count))
    path.write_text(f"<node>{machines}</node>")
    return f"test://{path}"


def _in_file(number: int) -> str:
    is_off = number % 20
    memory = 2**18 * (1 + number % 8)
    return f"""
<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
  <name>machine-{number:04}</name>
  <memory unit='KiB'>{memory}</memory><vcpu>{1 + number % 4}</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <source file='/guests/{number}.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='user'/>
    <graphics type='vnc'/>
  </devices>
  {"<test:runstate>5</test:runstate>" if is_off else ""}
</domain>"""
