"""Machines that vmdeskctl brings to another connection."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from tests.other_libvirt import OtherLibvirt
from vmdesk.cli.main import main

pytestmark = pytest.mark.hypervisor


def test_a_migration_that_can_not_be_says_why_and_has_its_exit_code(
    other_libvirts: tuple[OtherLibvirt, OtherLibvirt], capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = other_libvirts
    with closing(here.open()) as host:
        token_machine.define(host, "web", [])
    argv = ["--connect", here.uri, "--json", "migrate", "web", "--to", there.uri]
    assert main([*argv, "--check"]) == 0
    (obstacle,) = json.loads(capsys.readouterr().out)["obstacles"]
    assert obstacle["what"] == "The machine is not running."
    assert main(argv) == 4
    assert "not running" in json.loads(capsys.readouterr().out)["error"]


def test_a_machine_is_copied_and_moved(
    other_libvirts: tuple[OtherLibvirt, OtherLibvirt],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here, there = other_libvirts
    pool = there.make_pool()
    with closing(here.open()) as host:
        disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
        token_machine.define(host, "web", [(disk, "qcow2")])
    argv = ["--connect", here.uri, "--json"]
    to = ["web", "--to", there.uri, "--pool", "default"]
    assert main([*argv, "copy", *to, "--name", "twin"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == [str(pool / "twin.qcow2")]
    assert main([*argv, "move", *to]) == 0
    moved = json.loads(capsys.readouterr().out)
    assert (moved["name"], moved["kept"]) == ("web", [])
    assert not disk.exists()
    assert main([*argv, "move", *to]) == 3
