"""Take pictures of the doctor's page: on a computer where all is well, and on one with five faults.

Namespaces make both out of this one: ``take`` does so, and has ``main`` run in each.
"""

import os
import shlex
import sys
import tempfile
from pathlib import Path

from tests.e2e.person import Person
from tests.e2e.pictures import Photographer, make_application, with_window
from tests.elsewhere import DEV, Elsewhere
from vmdesk.controller import Controller
from vmdesk.views.doctor.page import DoctorPage

_HOME = """
export XDG_DATA_HOME=/home/ann/.local/share
mkdir -p "$XDG_DATA_HOME"
sed "s/^[^:]*:x:$user:/ann:x:$user:/" /etc/passwd >"$top/passwd"
mount --bind "$top/passwd" /etc/passwd
"""

# Where no processor has what KVM needs, the trial's machine is emulated without being told.
_GOOD = f"""{_HOME}
echo 'flags : vmx' >"$top/cpuinfo"; mount --bind "$top/cpuinfo" /proc/cpuinfo
mount -t tmpfs none /sys/module
mkdir -p /sys/module/kvm_intel/parameters
echo Y >/sys/module/kvm_intel/parameters/nested
cp /usr/bin/qemu-system-x86_64 /usr/bin/qemu
echo '#!/bin/bash
set -- "${{@/#kvm/tcg}}"; exec qemu "${{@/#host/max}}"' >"$top/emulated"
chmod 755 "$top/emulated"; mount --bind "$top/emulated" /usr/bin/qemu-system-x86_64
{DEV}
touch "$top/dev/kvm"
"""

_BROKEN = f"""{_HOME}
mount -t tmpfs none /sys/module
rm /usr/bin/qemu-img /usr/bin/swtpm
mount -t tmpfs -o size=700m none "$XDG_DATA_HOME"
mkdir -m 500 "$XDG_DATA_HOME/vmdesk"
{DEV}
touch "$top/dev/kvm"; chmod 0 "$top/dev/kvm"
"""

_STATES = {"doctor-good": _GOOD, "doctor-broken": _BROKEN}
_SIZE = (800, 900)
"""Pixels of the page: more than it opens with, for more to be seen."""


def take(folder: Path, theme: str, scale: int) -> None:
    """Leave the pictures of one theme and scale in ``folder``."""
    os.environ["QT_SCALE_FACTOR"] = str(scale)
    for name, script in _STATES.items():
        argv = [sys.executable, "-m", "tests.e2e.doctor_pictures", str(folder.resolve())]
        with tempfile.TemporaryDirectory(prefix="vme-", dir="/tmp") as place:
            line = f"as_user {shlex.join([*argv, theme, name])}\n"
            Elsewhere(Path(place)).run(script + line, changing=["/usr/bin", "/home"])


def main() -> None:
    """``doctor_pictures FOLDER light|dark NAME``, inside of the namespace."""
    folder, theme, name = sys.argv[1:]
    _application = make_application()

    def show(person: Person, _controller: Controller) -> None:
        person.window.actions_of_window.doctor.trigger()
        page = person.dialog(DoctorPage)
        page.resize(*_SIZE)
        person.wait(lambda: bool(page.lines), "the findings")
        Photographer(Path(folder), theme).take(page, name)

    with_window("qemu:///session", theme, show)


if __name__ == "__main__":
    main()
