"""Places for new images."""

from pathlib import Path

import pytest

from vmdesk.core.formatting import MIB
from vmdesk.core.job import Job, OperationError
from vmdesk.core.storage.places import FolderPlace


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file/disks"
    with pytest.raises(OperationError, match="file/disks can’t be made") as caught:
        FolderPlace(folder).create("disk.qcow2", MIB, Job())
    assert "Not a directory" in caught.value.details
