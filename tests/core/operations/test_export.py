"""An export says before it begins whether there is a place for it."""

import os
from pathlib import Path

import pytest

from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import export
from vmdesk.core.operations.export import ExportOptions, Place


def test_a_place_tells_whether_something_is_there_and_how_much_room(tmp_path: Path) -> None:
    path = tmp_path / "web.tar"
    found = export.look_at_place(path, Job())
    assert (found.path, found.exists) == (path, False)
    assert found.free_bytes
    path.symlink_to("nowhere")
    assert export.look_at_place(path, Job()).exists


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every folder")
@pytest.mark.parametrize("mode", [0o500, 0o600])
def test_a_place_in_a_closed_folder_has_no_room(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "closed" / "web.tar"
    path.parent.mkdir(mode)
    assert export.look_at_place(path, Job()) == Place(path, False, None)


def test_a_folder_that_does_not_exist_is_no_place(
    test_host: Host, uuid: str, tmp_path: Path
) -> None:
    test_host.domain(uuid).destroy()
    path = tmp_path / "none" / "web.tar"
    assert export.look_at_place(path, Job()) == Place(path, False, None)
    with pytest.raises(OperationError) as caught:
        export.run(test_host, uuid, path, ExportOptions(), Job())
    assert caught.value.summary == f"The folder {path.parent} does not exist."
    assert caught.value.cause is Cause.INVALID_VALUE
    assert not path.parent.exists()
