from pathlib import Path

import pytest

from vmdesk.core import new_machine_lock
from vmdesk.core.job import Cancelled, Job


class Impatient(Job):
    """A job that is cancelled when it has to wait."""

    def wait(self, seconds: float) -> None:
        self.cancel()
        super().wait(seconds)


def test_only_one_holds_it_and_a_cancel_ends_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with (
        new_machine_lock.held(Job()),
        pytest.raises(Cancelled),
        new_machine_lock.held(Impatient()),
    ):
        pass
    with new_machine_lock.held(Impatient()):
        pass
