"""What is still there after a power cut: each thing is on the disk before the next relies on it.

Nobody can cut the power in a test, so the order of the calls to the system is looked at.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from tests.core.operations.test_export_import_broken_off import CHILD
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import export
from vmdesk.core.operations.export import ExportOptions

pytestmark = pytest.mark.hypervisor

CALLS = "fsync,fdatasync,link,linkat,rename,renameat,renameat2,sendto,sendmsg,write,pwrite64"
_SYNC = re.compile(r"\bf(?:data)?sync\(\d+<([^>]+)>")
_LINK = re.compile(r'\b(?:link|linkat)\(.*?"([^"]+)", .*?"([^"]+)"')
_WRITE = re.compile(r"\b(?:p?write(?:64)?)\(\d+<([^>]+)>")
# libvirt's own protocol: a call of the procedure that defines a machine, 350 in remote_protocol.x.
_DEFINE = re.compile(r"<domain")


def _trace(host: Host, what: str, uuid: str, bundle: Path, target: Path) -> list[tuple[str, ...]]:
    """Return in order what was synced, written, linked and defined."""
    log = target.parent / "trace"
    argv = ["strace", "-f", "-y", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(log)]
    argv += [sys.executable, "-c", CHILD, what, host.uri, uuid, str(bundle), str(target)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert "done" in done.stdout, done.stderr
    deeds: list[tuple[str, ...]] = []
    for line in log.read_text(errors="replace").splitlines():
        if match := _SYNC.search(line):
            deeds.append(("sync", match[1]))
        elif match := _LINK.search(line):
            deeds.append(("link", match[1], match[2]))
        elif (match := _WRITE.search(line)) and str(target) in match[1]:
            deeds.append(("write", match[1]))
        elif _DEFINE.search(line) and ("socket:" in line or "UNIX" in line):
            deeds.append(("define",))
    return deeds


@pytest.mark.parametrize("what", ["export", "import"])
def test_what_is_named_is_on_the_disk_before(private_host: Host, tmp_path: Path, what: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    uuid = token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString()
    options = ExportOptions(ArchiveForm.TAR_GZ)
    bundle = export.run(private_host, uuid, tmp_path, options, Job()).path

    deeds = _trace(private_host, what, uuid, bundle, target)

    (link,) = [at for at, deed in enumerate(deeds) if deed[0] == "link"]
    _link, source, final = deeds[link]
    name = "web.tar.gz" if what == "export" else "web-2.qcow2"
    assert final == str(target / name)
    # The file itself, after the last byte of it, and the journal that knows of it.
    synced = max(at for at in range(link) if deeds[at] == ("sync", source))
    assert not [deed for deed in deeds[synced:link] if deed == ("write", source)]
    assert [deed for deed in deeds[synced:link] if deed[1].endswith(".journal")]
    folder = deeds.index(("sync", str(target)), link)
    defined = [at for at, deed in enumerate(deeds) if deed == ("define",)]
    if what == "import":
        # The name of the file, before the machine that needs it.
        assert folder < defined[-1]
