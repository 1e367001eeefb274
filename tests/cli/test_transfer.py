"""Machines that vmdeskctl brings to another connection."""

import json
from contextlib import closing

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
