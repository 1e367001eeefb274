from pathlib import Path

import pytest
from lxml import etree

from vmdesk.core.host import Host
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.operations import incoming
from vmdesk.core.operations.incoming import ImportOptions


@pytest.mark.parametrize(
    ("foreign", "name"),
    [
        ("web", "web"),
        ("test", "test-2"),
        ("../../etc", "_.._etc"),
        ("a\u202eb\x1b[31m", "a_b_[31m"),
        ("", "machine"),
        ("n" * 300, "n" * 200),
    ],
)
def test_a_foreign_name_becomes_one_that_is_free_and_harmless(
    test_host: Host, tmp_path: Path, foreign: str, name: str
) -> None:
    assert incoming.free_name(test_host, ImportOptions(tmp_path), foreign) == name


@pytest.mark.parametrize("wanted", ["test", "", "a/b", ".hidden"])
def test_a_name_that_the_user_chose_is_taken_or_refused(
    test_host: Host, tmp_path: Path, wanted: str
) -> None:
    with pytest.raises(OperationError) as caught:
        incoming.free_name(test_host, ImportOptions(tmp_path, wanted), "web")
    assert caught.value.cause is Cause.INVALID_VALUE
    assert incoming.free_name(test_host, ImportOptions(tmp_path, "db"), "web") == "db"


def test_a_file_gets_a_number_where_there_is_one_already(tmp_path: Path) -> None:
    wanted = tmp_path / "web.qcow2"
    assert incoming.free_path(wanted, set()) == wanted
    wanted.symlink_to("nowhere")
    assert incoming.free_path(wanted, set()) == tmp_path / "web-2.qcow2"
    assert incoming.free_path(wanted, {tmp_path / "web-2.qcow2"}) == tmp_path / "web-3.qcow2"


def test_identities_of_machines_here_are_known(test_host: Host, uuid: str) -> None:
    assert not incoming.is_free(test_host, uuid)
    assert not incoming.is_free(test_host, "")
    assert incoming.is_free(test_host, "00000000-0000-4000-8000-000000000001")
    xml = "<d><devices><interface><mac address='52:54:00:AB:cd:ef'/></interface></devices></d>"
    assert incoming.macs(etree.fromstring(xml)) == {"52:54:00:ab:cd:ef"}
    description = test_host.domain(uuid).XMLDesc()
    assert all(mac in description for mac in incoming.macs_of_all(test_host))


def test_what_the_system_refuses_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OperationError, match="can’t be written to"),
        incoming.in_words(tmp_path / "file" / "disks"),
    ):
        pass
