"""The OpenAPI document says what the server does: schemathesis tries to show that it lies."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.served import Served
from tests.core.operations import small_machine
from vmdesk.api.endpoints import ENDPOINTS
from vmdesk.core.host import Host

TABLE = {
    "POST /vms": {202, 400, 500},
    "POST /vms/<vm_name>/modify": {200, 400, 404, 500},
    "POST /vms/<vm_name>/unmount_iso": {200, 400, 404},
    "GET /vms": {200},
    "DELETE /vms/<vm_name>": {204, 404},
    "POST /vms/<vm_name>/start": {200, 404, 400},
    "POST /vms/<vm_name>/stop": {200, 404, 400},
    "GET /vms/<vm_name>/export": {200, 404, 400},
    "GET /vms/<vm_name>/exportCompressed": {200, 404, 400},
    "POST /vms/import": {200, 400, 500},
    "POST /vms/importCompressed": {200, 400, 500},
}
"""What was promised."""

BEYOND = {"GET /vms": {503}, "DELETE /vms/<vm_name>": {409, 503}}
"""What the table has no status for: libvirt is not there, the machine is busy."""

CONFIG = """
warnings = false
[parameters]
"path.vm_name" = "{name}"
"""

NOT_ASKED = [
    "positive_data_acceptance",  # a document can't say what there is, and what this host can give
    "use_after_free",  # a job that was cancelled can still be looked at
    "allow_header_conformance",  # a machine may be named “import”, and be deleted
]

MAY_FAIL = """
[[operations]]
include-name = "{operation}"
[operations.checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", "{status}"]
"""


def test_the_endpoints_have_the_statuses_that_were_promised() -> None:
    rows = {f"{e.method} {e.path}": {e.success, *e.failures} for e in ENDPOINTS}
    promised = {row: statuses | BEYOND.get(row, set()) for row, statuses in TABLE.items()}
    assert {row: statuses for row, statuses in rows.items() if "/vms" in row} == promised


@pytest.mark.hypervisor
@pytest.mark.parametrize("name", ["small", "nobody"])
def test_schemathesis_finds_no_failure_that_is_not_promised(
    served: Served, host: Host, tmp_path: Path, name: str
) -> None:
    small_machine.define(host, tmp_path)
    config = tmp_path / "schemathesis.toml"
    allowed = [
        MAY_FAIL.format(operation=re.sub(r"<(\w+)>", r"{\1}", row), status=500)
        for row, statuses in TABLE.items()
        if 500 in statuses
    ]
    config.write_text(CONFIG.format(name=name) + "".join(allowed))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    command += [f"{served.url}/openapi.json", "-H", f"Authorization: Bearer {served.token}"]
    command += ["--exclude-checks", ",".join(NOT_ASKED), "--exclude-operation-id", "delete_vm"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--seed", "1"]
    command += ["--request-timeout", "20", "--generation-database", "none"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    cases = re.search(r"(\d+) generated, \d+ passed", ended.stdout)
    assert cases is not None, ended.stdout[-2000:]
    assert int(cases[1]) > 200
