import json
import subprocess
from pathlib import Path

from vmdesk.core.bundle import firmware


def _describe(folder: Path, name: str, template: Path) -> None:
    mapping = {"device": "flash", "nvram-template": {"filename": str(template)}}
    (folder / f"{name}.json").write_text(json.dumps({"mapping": mapping}))


def test_variables_fit_where_a_firmware_has_some_of_their_size(tmp_path: Path) -> None:
    (tmp_path / "VARS.fd").write_bytes(bytes(131072))
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", str(tmp_path / "VARS.qcow2"), "540672"]
    subprocess.run(argv, check=True)
    _describe(tmp_path, "raw", tmp_path / "VARS.fd")
    _describe(tmp_path, "qcow2", tmp_path / "VARS.qcow2")
    assert firmware.fits(131072, (tmp_path,))
    assert firmware.fits(540672, (tmp_path,))
    assert not firmware.fits(262144, (tmp_path,))


def test_without_any_description_nobody_can_tell(tmp_path: Path) -> None:
    _describe(tmp_path, "missing", tmp_path / "nowhere")
    (tmp_path / "memory.json").write_text('{"mapping": {"device": "memory"}}')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    assert firmware.fits(262144, (tmp_path, tmp_path / "nowhere"))
