"""vmdeskctl on libvirt's test driver: what it prints, and the codes that it ends with."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from vmdesk.cli.main import main
from vmdesk.core import file_format, paths
from vmdesk.core.host import Host

URI = "test:///default"
UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"
IDLE = (
    "<domain type='test'><name>idle</name><memory>65536</memory><os><type>hvm</type></os></domain>"
)

COMMANDS = ["list", "show", "create", "start", "stop", "reboot", "pause", "resume", "shutdown"]
COMMANDS += ["console", "delete", "modify", "eject", "insert", "history", "revert", "export"]
COMMANDS += ["inspect", "verify", "import", "doctor", "serve"]


class Ended:
    """What a run of vmdeskctl has left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def ctl(default_host: Host, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run vmdeskctl on the host of the test, which shares the driver's one node with it."""

    def run(*argv: str, uri: str = URI) -> Ended:
        before = signal.getsignal(signal.SIGINT)
        code = main(["--connect", uri, *argv])
        assert signal.getsignal(signal.SIGINT) is before
        return Ended(code, *capsys.readouterr())

    return run


def test_the_list_is_an_array_of_what_was_promised(ctl: Run, default_host: Host) -> None:
    idle = default_host.connection.defineXML(IDLE)
    ended = ctl("list", "--json")
    assert ended.code == 0
    assert ended.err == ""
    first, second = ended.data
    assert list(first) == ["id", "uuid", "name", "state", "memory_mib", "vcpus"]
    assert first == {
        "id": None,
        "uuid": idle.UUIDString(),
        "name": "idle",
        "state": "shutoff",
        "memory_mib": 64,
        "vcpus": 1,
    }
    assert (second["name"], second["state"], second["memory_mib"]) == ("test", "running", 2048)
    assert isinstance(second["id"], int)


def test_the_list_for_people_has_one_line_for_each_machine(ctl: Run, default_host: Host) -> None:
    default_host.connection.defineXML(IDLE)
    lines = ctl("list").out.splitlines()
    assert lines == ["idle  shutoff    1 CPU  64 MiB", "test  running    2 CPUs  2 GiB"]


def test_options_may_come_before_and_after_the_command(
    ctl: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ctl("--json", "list").data
    assert ctl("list", "--json").data == expected
    monkeypatch.setenv("VMDESK_URI", "nonsense:///")
    assert main(["list", "--json", "--connect", URI]) == 0
    assert json.loads(capsys.readouterr().out) == expected
    monkeypatch.setenv("VMDESK_URI", URI)
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == expected


@pytest.mark.parametrize("name", ["test", UUID])
def test_a_machine_is_shown_by_its_name_and_by_its_uuid(ctl: Run, name: str) -> None:
    shown = ctl("show", name, "--json").data
    assert shown["uuid"] == UUID
    assert shown["disks"][0]["target"] == "vda"
    assert shown["max_memory_mib"] == 8192
    assert f"uuid: {UUID}" in ctl("show", name).out


def test_the_states_are_gone_through_and_each_answer_is_one_object(
    ctl: Run, default_host: Host
) -> None:
    uuid = default_host.connection.defineXML(IDLE).UUIDString()
    steps = [
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("reboot", "running"),
        ("shutdown", "shutoff"),
        ("start", "running"),
        ("stop", "shutoff"),
    ]
    for command, state in steps:
        ended = ctl(command, "idle", "--json")
        assert ended.code == 0, ended.err
        assert ended.data == {"command": command, "name": "idle", "uuid": uuid, "state": state}


@pytest.mark.parametrize("command", ["start", "resume"])
def test_a_wrong_state_is_4(ctl: Run, command: str) -> None:
    ended = ctl(command, "test", "--json")
    assert ended.code == 4
    assert list(ended.data) == ["error", "hint"]
    assert ended.err.startswith(f"error: {ended.data['error']}\n")


def test_no_such_machine_is_3_and_the_way_to_see_them_is_told(ctl: Run) -> None:
    for command in ("show", "start", "console", "delete", "shutdown"):
        ended = ctl(command, "nobody")
        assert ended.code == 3
        assert ended.out == ""
        assert ended.err.splitlines() == [
            "error: There is no virtual machine “nobody”.",
            "hint: “vmdeskctl list” shows those that there are.",
        ]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ((), "COMMAND"),
        (("fly",), "invalid choice: 'fly'"),
        (("show",), "NAME"),
        (("show", "test", "more"), "unrecognized arguments: more"),
        (("list", "--js"), "unrecognized arguments: --js"),
        (("create",), "--iso"),
        (("create", "--iso", "x", "--memory", "much"), "--memory"),
        (("create", "--iso", "x", "--disk-size", "nan"), "“nan” is no amount"),
        (("create", "--iso", "x", "--accel", "warp"), "--accel"),
        (("shutdown", "test", "--timeout", "inf"), "“inf” is no amount"),
        (("modify", "test", "--disk-size", "-1"), "“-1” is no amount"),
    ],
)
def test_a_wrong_command_line_is_2_and_says_what_and_how(
    ctl: Run, argv: tuple[str, ...], words: str
) -> None:
    ended = ctl("--json", *argv)
    assert ended.code == 2
    assert words in ended.data["error"]
    assert "usage: vmdeskctl" in ended.data["hint"]
    assert words in ended.err


@pytest.mark.parametrize("argv", [[], *([command] for command in COMMANDS)])
def test_everything_has_a_help(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*argv, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: vmdeskctl")
    if not argv:
        assert all(f"    {command} " in text for command in COMMANDS)


def test_a_connection_that_can_not_be_is_1_and_is_explained(ctl: Run) -> None:
    ended = ctl("list", uri="qemu:///system?socket=/nonexistent")
    assert ended.code == 1
    assert ended.err.startswith("error: libvirt is not running, or can’t be reached.\nhint: ")
    assert "No such file or directory" in ended.err


def test_a_deletion_without_a_terminal_needs_a_yes(ctl: Run) -> None:
    ctl("stop", "test")
    refused = ctl("delete", "test", "--json")
    assert refused.code == 1
    assert refused.data["error"] == "Nothing was deleted."
    assert "--yes" in refused.data["hint"]
    assert "Delete “test”?" in refused.err
    assert "/guest/diskimage1 (not there" in refused.err
    assert ctl("show", "test").code == 0
    done = ctl("delete", "test", "--yes", "--json")
    assert done.data == {
        "deleted": "test",
        "uuid": UUID,
        "files": [],
        "kept": [{"source": "/guest/diskimage1", "reason": "not there, or not yours to see"}],
    }
    assert ctl("show", "test").code == 3


def test_a_running_machine_is_not_deleted_without_a_yes(ctl: Run) -> None:
    ended = ctl("delete", "test")
    assert ended.code == 4
    assert "--yes" in ended.err
    assert ctl("delete", "test", "--yes").code == 0


def test_the_console_of_a_machine_that_is_off_is_4_and_the_start_is_told(ctl: Run) -> None:
    ctl("stop", "test")
    ended = ctl("console", "test")
    assert ended.code == 4
    assert "vmdeskctl start test" in ended.err


def test_what_a_newer_vmdesk_has_kept_is_left_alone(ctl: Run) -> None:
    mark = paths.data_dir() / file_format.NAME
    ctl("list")
    before = mark.read_text()
    mark.write_text("2\n")
    ended = ctl("list")
    mark.write_text(before)
    assert (ended.code, ended.out) == (1, "")
    assert "newer vmdesk" in ended.err
