"""What only the sum of a bundle's members tells; one member by itself is the reader's."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core import ova
from vmdesk.core.bundle import scan
from vmdesk.core.bundle.scan import Contents
from vmdesk.core.formatting import MIB
from vmdesk.core.job import Cause, Job, OperationError

LOOKS = [scan.look, scan.verify]


def packed(folder: Path, names: list[str], *options: str) -> Path:
    """Have a plain archive of these files of a folder; those that aren't there are made."""
    for name in names:
        (folder / name).touch()
    path = folder / "bundle.tar"
    subprocess.run(["tar", *options, "-cf", path, "-C", folder, *names], check=True)
    return path


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("ending", ["xml", "nvram", "tpm"])
def test_what_a_machine_has_once_makes_two_machines_when_it_is_there_twice(
    tmp_path: Path, ending: str, look: Callable[[Path, Job], Contents]
) -> None:
    one = packed(tmp_path, ["web.xml", "web.nvram", "web.tpm"])
    assert set(look(one, Job()).members) == {"web.xml", "web.nvram", "web.tpm"}
    two = packed(tmp_path, ["web.xml", "web.nvram", "web.tpm", f"other.{ending}"])
    with pytest.raises(OperationError, match="more than one machine") as caught:
        look(two, Job())
    assert caught.value.cause is Cause.BAD_INPUT


@pytest.mark.parametrize("look", LOOKS)
def test_an_ova_with_a_disk_of_holes_is_refused(
    tmp_path: Path, look: Callable[[Path, Job], Contents]
) -> None:
    (tmp_path / "web.ovf").write_text(ova.VIRTUALBOX)
    with (tmp_path / "web-disk001.vmdk").open("wb") as disk:
        disk.truncate(MIB)
    path = packed(tmp_path, ["web.ovf", "web-disk001.vmdk"], "-S")
    with pytest.raises(OperationError, match="is damaged") as caught:
        look(path, Job())
    assert (caught.value.details, caught.value.cause) == ("a sparse disk", Cause.BAD_INPUT)
