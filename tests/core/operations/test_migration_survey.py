"""What would prevent a migration, as far as libvirt's test driver can show it."""

from collections.abc import Callable

import pytest
from lxml import etree

from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import migration_survey
from vmdesk.core.operations.migration_storage import Storage

CAPABILITIES = """
<capabilities><host>
  <uuid>00000000-0000-0000-0000-000000000001</uuid>
  <cpu><model>{model}</model><vendor>Intel</vendor></cpu>
</host></capabilities>"""


@pytest.fixture
def capable(there: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """The other host, which can do all; the test driver itself can't say what it can do."""
    monkeypatch.setattr(there.connection, "getDomainCapabilities", lambda *_what: "")
    return there


def _obstacles(source: Host, target: Host, uuid: str) -> dict[str, str]:
    found = migration_survey.look(source, target, uuid, Storage.SHARED, "", Job())
    return {obstacle.what: obstacle.hint for obstacle in found.obstacles}


def _with_cpu(host: Host, uuid: str, cpu: str) -> None:
    root = etree.fromstring(host.domain(uuid).XMLDesc())
    root.append(etree.fromstring(cpu))
    host.domain(uuid).destroy()
    host.connection.createXML(etree.tostring(root, encoding="unicode"))


def test_an_older_qemu_prevents_it(
    test_host: Host, there: Host, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, is_older in ((6_002_001, True), (7_002_000, False)):
        monkeypatch.setattr(test_host.connection, "getVersion", lambda: 7_002_000)
        monkeypatch.setattr(there.connection, "getVersion", lambda version=version: version)
        what = "The other computer’s QEMU is older: 6.2.1, and here 7.2.0."
        assert (what in _obstacles(test_host, there, uuid)) is is_older


def test_a_machine_type_that_the_other_host_does_not_know_prevents_it(
    test_host: Host, there: Host, uuid: str
) -> None:
    found = _obstacles(test_host, there, uuid)
    (hint,) = (hint for what, hint in found.items() if "can’t run machines of the type" in what)
    assert "virConnectGetDomainCapabilities" in hint


@pytest.mark.parametrize(
    "cpu", ["", "<cpu match='exact'><model>core2duo</model></cpu>"], ids=["none", "not compared"]
)
def test_a_cpu_that_nobody_can_say_anything_against_is_no_obstacle(
    test_host: Host, capable: Host, uuid: str, cpu: str
) -> None:
    if cpu:
        _with_cpu(test_host, uuid, cpu)
    assert "processor" not in " ".join(_obstacles(test_host, capable, uuid))


@pytest.mark.parametrize(
    ("there_is", "is_obstacle"),
    [
        (CAPABILITIES.format(model="Broadwell"), False),
        (CAPABILITIES.format(model="Nehalem"), True),
        ("<capabilities><host/></capabilities>", True),
    ],
    ids=["same", "another", "unknown"],
)
def test_a_guest_that_sees_the_whole_processor_needs_the_same_there(
    test_host: Host,
    capable: Host,
    uuid: str,
    monkeypatch: pytest.MonkeyPatch,
    there_is: str,
    is_obstacle: bool,
) -> None:
    def capabilities(text: str) -> Callable[[], str]:
        return lambda: text

    here_is = capabilities(CAPABILITIES.format(model="Broadwell"))
    monkeypatch.setattr(test_host.connection, "getCapabilities", here_is)
    monkeypatch.setattr(capable.connection, "getCapabilities", capabilities(there_is))
    _with_cpu(test_host, uuid, "<cpu mode='host-passthrough'/>")
    found = " ".join(_obstacles(test_host, capable, uuid))
    assert ("processor lacks" in found) is is_obstacle
