"""Images as files and as volumes: read, and followed to what they build on."""

from pathlib import Path

import pytest

from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Job
from vmdesk.core.process import run
from vmdesk.core.storage import images, pools, volumes
from vmdesk.core.storage.images import FileImage
from vmdesk.core.storage.pools import OutOfReach


def test_a_file_that_is_gone_is_out_of_reach_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gone.raw"
    with pytest.raises(OutOfReach, match=r"gone\.raw can’t be reached") as caught:
        list(FileImage(path, "raw").pieces())
    assert "No such file" in caught.value.details


@pytest.mark.hypervisor
def test_a_volume_is_followed_as_far_as_pools_have_what_it_builds_on(
    private_host: Host, pool_folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.qcow2"
    qemu_img.create(outside, MIB, Job())
    pool_folder.mkdir()
    for name, base in (("base.qcow2", outside), ("top.qcow2", pool_folder / "base.qcow2")):
        command = ["qemu-img", "create", "-f", "qcow2", "-F", "qcow2", "-b", str(base)]
        run([*command, str(pool_folder / name)], Job())
    pools.start(private_host, "own")
    top = volumes.named(private_host, "own", "top.qcow2")
    assert top is not None
    below = images.of_volume(private_host, top).below()
    assert [image.path for image in below] == [pool_folder / "base.qcow2"]
