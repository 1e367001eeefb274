import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmdesk.core import staging
from vmdesk.core.job import Cancelled, OperationError

URI = "qemu:///session"
UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "disks"
    folder.mkdir()
    return folder


def _journals(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "state/vmdesk/staging").iterdir())


def test_what_is_placed_stays_and_the_rest_goes(tmp_path: Path, folder: Path) -> None:
    with staging.opened(folder, "Export") as stage:
        (stage.folder / "a").write_text("a")
        (stage.folder / "b").write_text("b")
        stage.place({stage.folder / "a": folder / "kept"})

    assert [path.name for path in folder.iterdir()] == ["kept"]
    assert (folder / "kept").read_text() == "a"
    assert _journals(tmp_path) == []


@pytest.mark.parametrize("error", [Cancelled, OSError, KeyboardInterrupt])
def test_an_error_takes_everything_back(
    tmp_path: Path, folder: Path, error: type[BaseException]
) -> None:
    def work() -> None:
        with staging.opened(folder, "Import") as stage:
            (stage.folder / "a").write_text("a")
            stage.place({stage.folder / "a": folder / "a"}, URI, UUID)
            raise error

    with pytest.raises(error):
        work()
    assert list(folder.iterdir()) == []
    assert _journals(tmp_path) == []


def test_an_existing_file_is_never_written_over(folder: Path) -> None:
    (folder / "a").write_text("precious")

    def work() -> None:
        with staging.opened(folder, "Import") as stage:
            (stage.folder / "x").write_text("x")
            (stage.folder / "a").write_text("a")
            files = {stage.folder / "x": folder / "x", stage.folder / "a": folder / "a"}
            stage.place(files)

    with pytest.raises(OperationError, match="exists already"):
        work()

    assert (folder / "a").read_text() == "precious"
    assert [path.name for path in folder.iterdir()] == ["a"]


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FAT, which has none."""

    def link(*_paths: Path, follow_symlinks: bool) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("no_links")
def test_files_get_their_place_also_where_there_are_no_links(folder: Path) -> None:
    with staging.opened(folder, "Export") as stage:
        (stage.folder / "a").write_text("a")
        stage.place({stage.folder / "a": folder / "kept"})

    assert [path.name for path in folder.iterdir()] == ["kept"]
    assert (folder / "kept").read_text() == "a"


@pytest.mark.usefixtures("no_links")
@pytest.mark.parametrize("is_dangling", [False, True], ids=["file", "link"])
def test_without_links_too_nothing_is_written_over(folder: Path, is_dangling: bool) -> None:
    if is_dangling:
        (folder / "a").symlink_to("nowhere")
    else:
        (folder / "a").write_text("precious")
    before = (folder / "a").lstat()

    def work() -> None:
        with staging.opened(folder, "Export") as stage:
            (stage.folder / "a").write_text("a")
            stage.place({stage.folder / "a": folder / "a"})

    with pytest.raises(PermissionError):
        work()

    assert (folder / "a").lstat() == before
    assert [path.name for path in folder.iterdir()] == ["a"]


DYING = """
import os, signal, sys
from pathlib import Path
from vmdesk.core import staging
with staging.opened(Path(sys.argv[1]), "Import of web.tar") as stage:
    (stage.folder / "half").write_text("half")
    (stage.folder / "a").write_text("a")
    if sys.argv[2] == "placed":
        stage.place({stage.folder / "a": Path(sys.argv[1]) / "a"}, sys.argv[3], sys.argv[4])
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["half", "placed"])
def dying(folder: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of its work."""
    argv = [sys.executable, "-c", DYING, str(folder), request.param, URI, UUID]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_what_a_kill_leaves_is_swept_and_named(
    tmp_path: Path, folder: Path, dying: subprocess.Popen[str]
) -> None:
    _kill(dying)
    assert list(folder.iterdir())

    (leftover,) = staging.sweep(URI, lambda _uuid: False)

    assert leftover.text == "Import of web.tar"
    assert leftover.started > 0
    assert list(folder.iterdir()) == []
    assert _journals(tmp_path) == []
    assert staging.sweep(URI, lambda _uuid: False) == ()


def test_a_machine_that_was_defined_keeps_its_files(
    folder: Path, dying: subprocess.Popen[str]
) -> None:
    had_placed = (folder / "a").exists()
    _kill(dying)
    staging.sweep(URI, lambda uuid: uuid == UUID)
    assert [path.name for path in folder.iterdir()] == (["a"] if had_placed else [])


def test_work_that_goes_on_is_left_alone(folder: Path, dying: subprocess.Popen[str]) -> None:
    before = set(folder.rglob("*"))
    assert staging.sweep(URI, lambda _uuid: False) == ()
    assert set(folder.rglob("*")) == before
    assert dying.poll() is None


def test_files_for_another_connection_wait_for_it(
    tmp_path: Path, folder: Path, dying: subprocess.Popen[str]
) -> None:
    had_placed = (folder / "a").exists()
    _kill(dying)
    staging.sweep("qemu:///system", lambda _uuid: False)
    assert bool(list(folder.iterdir())) == bool(_journals(tmp_path)) == had_placed


def test_a_sweep_removes_no_file_that_somebody_else_put_there(
    folder: Path, dying: subprocess.Popen[str]
) -> None:
    _kill(dying)
    (folder / "a").unlink(missing_ok=True)
    (folder / "b").write_text("precious")
    os.link(folder / "b", folder / "a")
    staging.sweep(URI, lambda _uuid: False)
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]


def test_a_journal_cut_by_a_power_failure_is_understood_as_far_as_it_goes(
    tmp_path: Path, folder: Path, dying: subprocess.Popen[str]
) -> None:
    _kill(dying)
    (journal,) = _journals(tmp_path)
    with journal.open("ab") as file:
        file.write(b'{"placed": [["/x')
    assert len(staging.sweep(URI, lambda _uuid: False)) == 1
    assert list(folder.iterdir()) == []


def test_a_journal_names_no_folder_but_its_own(tmp_path: Path, folder: Path) -> None:
    (folder / "precious").write_text("precious")
    with staging.opened(folder, "x"):
        pass
    journal = tmp_path / "state/vmdesk/staging" / "0123456789abcdef.journal"
    journal.write_text(f'{{"text": "x", "folder": "{folder}"}}\n')
    staging.sweep(URI, lambda _uuid: False)
    assert (folder / "precious").exists()


def _leave_behind(folder: Path, name: str) -> None:
    with staging.opened(folder, name) as stage:
        (stage.folder / name).write_text(name)
        stage.place({stage.folder / name: folder / name}, URI, UUID)
        stage.is_left_to_sweep = True


def test_two_sweeps_at_once_do_not_mind_each_other(folder: Path) -> None:
    _leave_behind(folder, "a")
    _leave_behind(folder, "b")
    by_another: list[str] = []

    def is_defined(_uuid: str) -> bool:
        by_another.extend(one.text for one in staging.sweep(URI, lambda _uuid: False))
        return False

    mine = [one.text for one in staging.sweep(URI, is_defined)]
    assert len(mine) == len(by_another) == 1
    assert {*mine, *by_another} == {"a", "b"}
    assert list(folder.iterdir()) == []


def test_work_that_ends_while_a_sweep_begins_keeps_its_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    with contextlib.ExitStack() as work:
        stage = work.enter_context(staging.opened(folder, "Export"))
        (stage.folder / "a").write_text("precious")
        stage.place({stage.folder / "a": folder / "web.tar"})

        def slow_flock(descriptor: int, operation: int) -> None:
            work.close()
            flock(descriptor, operation)

        monkeypatch.setattr(fcntl, "flock", slow_flock)
        assert staging.sweep(URI, lambda _uuid: False) == ()
    assert (folder / "web.tar").read_text() == "precious"


def test_a_journal_that_is_just_being_made_is_left_alone_but_not_for_ever(
    tmp_path: Path, folder: Path
) -> None:
    with staging.opened(folder, "x"):
        pass
    journal = tmp_path / "state/vmdesk/staging" / "0123456789abcdef.new"
    journal.touch()
    assert staging.sweep(URI, lambda _uuid: False) == ()
    assert journal.exists()
    os.utime(journal, (1, 1))
    staging.sweep(URI, lambda _uuid: False)
    assert not journal.exists()
