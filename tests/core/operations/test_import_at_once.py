"""Two imports at the same time, of which both believe that a name and a UUID are free."""

import threading
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions, ImportResult

pytestmark = pytest.mark.hypervisor


class Second(Job):
    """An import that tells when it is done, or has to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.is_held_up = threading.Event()
        self.result: ImportResult | None = None

    def run(self, host: Host, path: Path, options: ImportOptions) -> None:
        self.result = import_.run(host, path, options, self)
        self.is_held_up.set()

    def wait(self, seconds: float) -> None:
        self.is_held_up.set()
        super().wait(seconds)


class First(Job):
    """An import during which the second begins, just before the first machine is defined."""

    def __init__(self, second: Second, thread: threading.Thread) -> None:
        super().__init__()
        self._second = second
        self._thread = thread

    def report(self, done: int, total: int, text: str) -> None:
        super().report(done, total, text)
        if text == "Defining the machine":
            self._thread.start()
            assert self._second.is_held_up.wait(30)


@pytest.mark.parametrize("kind", ["bundle", "image"])
def test_two_imports_at_once_make_two_machines(
    private_host: Host, tmp_path: Path, kind: str
) -> None:
    path = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    if kind == "bundle":
        domain = token_machine.define(private_host, "web", [(path, "qcow2")])
        uuid = domain.UUIDString()
        path = export.run(private_host, uuid, tmp_path, ExportOptions(), Job()).path
        domain.undefine()
    options = ImportOptions(tmp_path / "disks", same_identity=True)
    second = Second()
    thread = threading.Thread(target=second.run, args=(private_host, path, options))

    first = import_.run(private_host, path, options, First(second, thread))
    thread.join(30)

    assert second.result is not None
    machines = {info.uuid: info.name for info in private_host.domains()}
    assert machines == {first.uuid: "web", second.result.uuid: "web-2"}
    assert {path.name for path in options.folder.iterdir()} == {"web.qcow2", "web-2.qcow2"}
