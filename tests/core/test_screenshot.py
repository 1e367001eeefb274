"""Pictures of screens."""

import pytest

from vmdesk.core import screenshot
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, OperationError


def test_a_running_domain_has_a_picture(test_host: Host) -> None:
    picture = screenshot.take(test_host, test_host.lookup("test").uuid)
    assert picture.startswith(b"\x89PNG")


def test_a_picture_that_never_ends_is_broken_off(
    test_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screenshot, "MAXIMUM_SIZE", 100)
    with pytest.raises(OperationError, match="too large"):
        screenshot.take(test_host, test_host.lookup("test").uuid)


def test_a_domain_that_is_gone_is_not_found(test_host: Host) -> None:
    with pytest.raises(OperationError) as caught:
        screenshot.take(test_host, "11111111-2222-3333-4444-555555555555")
    assert caught.value.cause is Cause.NOT_FOUND
