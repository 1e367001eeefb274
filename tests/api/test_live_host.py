"""The server outlives the daemon that it is connected to."""

from pathlib import Path

import pytest

from tests.api.served import Served
from tests.conftest import PrivateLibvirt
from tests.core.operations import small_machine
from vmdesk.core.host import Host

pytestmark = pytest.mark.hypervisor


def test_a_daemon_that_dies_is_connected_to_again(
    served: Served, host: Host, daemon: PrivateLibvirt, tmp_path: Path
) -> None:
    small_machine.define(host, tmp_path)
    before = served.ask("GET", "/vms")
    daemon.kill_daemon()
    # The first may still meet the dead connection.
    assert served.ask("GET", "/vms").status in (200, 503)
    after = served.ask("GET", "/vms")
    assert (after.status, after.data) == (200, before.data)
    assert [machine["name"] for machine in after.data] == ["small"]
