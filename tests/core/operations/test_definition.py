"""A stored description is replaced only if it is still the one that was read."""

from pathlib import Path

import pytest

from vmdesk.core import history
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.operations import definition
from vmdesk.core.operations.definition import Definition


def test_replacing_keeps_what_was_there(test_host: Host, uuid: str) -> None:
    found = Definition(test_host, uuid)
    xml = found.edited()
    xml.description = "new"
    found.replace(xml)
    assert "<description>new</description>" in definition.read(test_host, uuid)
    assert [history.text(uuid, entry.number) for entry in history.entries(uuid)] == [found.text]


def test_replacing_with_the_same_changes_nothing(test_host: Host, uuid: str) -> None:
    found = Definition(test_host, uuid)
    found.replace(found.edited())
    assert history.entries(uuid) == []


def test_a_change_by_another_program_since_the_base_is_not_overwritten(
    test_host: Host, uuid: str
) -> None:
    base = definition.read(test_host, uuid)
    assert Definition(test_host, uuid, base).text == base
    test_host.connection.defineXML(base.replace("2097152", "2000000"))
    with pytest.raises(OperationError, match="changed by another program") as caught:
        Definition(test_host, uuid, base)
    assert caught.value.cause is Cause.WRONG_STATE


def test_nothing_is_replaced_that_could_not_be_kept(
    test_host: Host, uuid: str, data_dir: Path
) -> None:
    data_dir.parent.mkdir()
    data_dir.write_text("in the way")
    found = Definition(test_host, uuid)
    xml = found.edited()
    xml.description = "new"
    with pytest.raises(OperationError, match="nothing was changed"):
        found.replace(xml)
    assert definition.read(test_host, uuid) == found.text


def test_a_running_machine_is_told_from_one_that_is_off(test_host: Host, uuid: str) -> None:
    found = Definition(test_host, uuid)
    assert found.running() is not None
    with pytest.raises(OperationError, match="is running") as caught:
        found.require_off("Shut it down.")
    assert (caught.value.cause, caught.value.hint) == (Cause.WRONG_STATE, "Shut it down.")
    test_host.domain(uuid).destroy()
    off = Definition(test_host, uuid)
    assert off.running() is None
    off.require_off("")


def test_a_saved_machine_is_not_off(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).managedSave()
    with pytest.raises(OperationError, match="saved") as caught:
        Definition(test_host, uuid).require_off("")
    assert caught.value.cause is Cause.WRONG_STATE


def test_a_temporary_machine_is_refused(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).undefine()
    with pytest.raises(OperationError, match="temporary") as caught:
        Definition(test_host, uuid)
    assert caught.value.cause is Cause.WRONG_STATE
