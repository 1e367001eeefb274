"""KVM: announced, there, open, and whether it works."""

import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import libvirt
import pytest

from tests.conftest import PrivateLibvirt
from tests.core.doctor.conftest import Examine, put
from vmdesk.core import paths
from vmdesk.core.doctor import acceleration, trial
from vmdesk.core.doctor.finding import State
from vmdesk.core.job import Cancelled, Job

EMULATOR = Path(shutil.which("qemu-system-x86_64") or "")


@pytest.mark.parametrize(
    ("flags", "state", "words"),
    [
        ("fpu vmx sse", State.GOOD, "vmx"),
        ("fpu svm hypervisor", State.GOOD, "svm"),
        ("fpu hypervisor", State.WARNING, "host of this virtual computer"),
        ("fpu sse", State.WARNING, "VT-x or AMD-V"),
    ],
)
def test_the_processor_is_judged_by_its_flags(
    examined: Examine, tmp_path: Path, flags: str, state: State, words: str
) -> None:
    put(tmp_path, "/proc/cpuinfo", f"vendor_id\t: GenuineIntel\nflags\t\t: {flags}\n")
    found = acceleration.processor(examined(root=tmp_path))
    assert found.state is state
    assert words in found.meaning


def test_a_processor_of_another_kind_is_not_judged_by_flags(
    examined: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "/proc/cpuinfo", "Features\t: fp asimd\n")
    arm = os.uname_result(("Linux", "host", "6.1", "#1", "aarch64"))
    monkeypatch.setattr(os, "uname", lambda: arm)
    found = acceleration.processor(examined(root=tmp_path))
    assert found.state is State.UNCHECKED
    assert "This kind of processor" in found.meaning


def test_a_module_that_is_not_loaded_can_be(examined: Examine, tmp_path: Path) -> None:
    put(tmp_path, "/proc/cpuinfo", "vendor_id\t: AuthenticAMD\n")
    found = acceleration.module(examined(root=tmp_path))
    assert found.state is State.BROKEN
    assert "modprobe kvm_amd" in found.mends[0].shown


@pytest.mark.parametrize(("value", "words"), [("Y\n", "can have"), ("N\n", "can’t have")])
def test_nesting_is_told(examined: Examine, tmp_path: Path, value: str, words: str) -> None:
    put(tmp_path, "/sys/module/kvm_intel/parameters/nested", value)
    found = acceleration.module(examined(root=tmp_path))
    assert found.state is State.GOOD
    assert words in found.meaning


def test_without_the_device_machines_are_slow(examined: Examine, tmp_path: Path) -> None:
    found = acceleration.device(examined(root=tmp_path))
    assert found.state is State.BROKEN
    assert "many times slower" in found.meaning


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every device")
def test_a_device_closed_to_this_user_can_be_opened(examined: Examine, tmp_path: Path) -> None:
    put(tmp_path, "/dev/kvm").chmod(0)
    found = acceleration.device(examined(root=tmp_path))
    assert found.state is State.BROKEN
    assert "0666" in found.mends[0].shown
    assert acceleration.device(examined("qemu:///system", tmp_path)).state is State.UNNEEDED
    (tmp_path / "dev/kvm").chmod(0o600)
    assert acceleration.device(examined(root=tmp_path)).state is State.GOOD


def test_the_guest_of_the_trial_runs_where_its_accelerator_works() -> None:
    assert trial.run(EMULATOR, "tcg", Job()).works


def test_the_kvm_of_this_computer_is_judged_by_the_trial(examined: Examine) -> None:
    """Here it is announced, but closed to all but root, for whom it fails."""
    result = trial.run(EMULATOR, "kvm", Job())
    found = acceleration.works(examined(), Job())
    may_try = os.access("/dev/kvm", os.R_OK | os.W_OK)
    assert (found.state is State.GOOD) == (result.works and may_try)
    assert result.works or result.words


@pytest.mark.parametrize(
    ("script", "state", "details"),
    [
        ("echo '!'", State.GOOD, ""),
        ("echo 'failed to initialize kvm' >&2; exit 1", State.BROKEN, "failed to initialize kvm"),
    ],
)
def test_a_machine_that_was_tried_shows_whether_kvm_works(
    examined: Examine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    state: State,
    details: str,
) -> None:
    put(tmp_path, "/dev/kvm")
    emulator = put(tmp_path, f"bin/qemu-system-{os.uname().machine}", f"#!/bin/sh\n{script}\n")
    emulator.chmod(0o700)
    monkeypatch.setenv("PATH", str(emulator.parent))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = acceleration.works(examined(root=tmp_path), Job())
    assert found.state is state
    assert details in found.details


@pytest.mark.hypervisor
def test_libvirt_is_asked_where_the_device_is_closed_to_this_user(
    private_libvirt: PrivateLibvirt, examined: Examine
) -> None:
    found = acceleration.offered(examined(private_libvirt.uri))
    offers = os.access("/dev/kvm", os.R_OK | os.W_OK)
    assert found.state is (State.UNCHECKED if offers else State.BROKEN)
    assert offers or "many times slower" in found.meaning


@pytest.mark.usefixtures("libvirt_events")
def test_kvm_that_libvirt_offers_is_still_to_be_shown_by_a_machine(
    examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    with closing(libvirt.open("test:///default")) as opened:
        monkeypatch.setattr(opened, "getDomainCapabilities", lambda *about: asked.extend(about))
        found = acceleration.offered(replace(examined("qemu:///system"), connection=opened))
    assert asked[-1] == "kvm"
    assert found.state is State.UNCHECKED
    assert "libvirt offers KVM" in found.meaning


@pytest.mark.usefixtures("libvirt_events")
def test_a_libvirt_that_can_not_be_asked_says_nothing_of_kvm(examined: Examine) -> None:
    assert acceleration.offered(examined("qemu:///system?socket=/nowhere")).state is State.UNCHECKED


def test_a_trial_is_made_once_for_each_boot(examined: Examine, tmp_path: Path) -> None:
    put(tmp_path, "/proc/sys/kernel/random/boot_id", "one\n")
    surroundings = examined(root=tmp_path)
    emulator = put(tmp_path, "emulator", '#!/bin/sh\necho tried >> "$0.log"\necho "!"\n')
    emulator.chmod(0o700)
    log = tmp_path / "emulator.log"
    try:
        for _time in range(2):
            assert trial.cached(surroundings, emulator, Job()).works
        assert log.read_text().count("tried") == 1
        put(tmp_path, "/proc/sys/kernel/random/boot_id", "two\n")
        assert trial.cached(surroundings, emulator, Job()).works
        (paths.state_dir() / "kvm-trial.json").write_text("[damaged")
        assert trial.cached(surroundings, emulator, Job()).works
        assert log.read_text().count("tried") == 3
    finally:
        (paths.state_dir() / "kvm-trial.json").unlink()


def test_a_trial_can_be_cancelled(tmp_path: Path) -> None:
    emulator = put(tmp_path, "emulator", "#!/bin/sh\nexec sleep 60\n")
    emulator.chmod(0o700)
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        trial.run(emulator, "kvm", job)


def test_a_trial_that_does_not_end_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = put(tmp_path, "emulator", "#!/bin/sh\nexec sleep 60\n")
    emulator.chmod(0o700)
    monkeypatch.setattr(trial, "TIMEOUT", 0.01)
    result = trial.run(emulator, "kvm", Job())
    assert not result.works
    assert "no end within" in result.words


@pytest.mark.usefixtures("spoiled_state")
def test_a_trial_that_can_not_be_kept_is_made_again(examined: Examine, tmp_path: Path) -> None:
    emulator = put(tmp_path, "emulator", '#!/bin/sh\necho tried >> "$0.log"\necho "!"\n')
    emulator.chmod(0o700)
    for _time in range(2):
        assert trial.cached(examined(root=tmp_path), emulator, Job()).works
    assert (tmp_path / "emulator.log").read_text().count("tried") == 2
