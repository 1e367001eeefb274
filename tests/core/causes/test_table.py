"""The table: each cause with a name and words of its own, and what mends it."""

import libvirt

from vmdesk.core import causes
from vmdesk.core.causes.row import Signs
from vmdesk.core.mend import user_name


def test_a_missing_package_can_be_installed_and_a_group_joined() -> None:
    tpm = causes.recognize(Signs("TPM version '2.0' is not supported", 67))
    refused = causes.recognize(Signs("authentication failed", libvirt.VIR_ERR_AUTH_FAILED))
    assert tpm is not None
    assert refused is not None
    assert "swtpm" in tpm.mends[0].shown
    assert refused.error("x").mends[0].shown.endswith(f"usermod -a -G libvirt {user_name()}")


def test_an_unknown_failure_is_left_to_its_own_words() -> None:
    assert causes.of_program("qemu-img: something never heard of") is None


def test_the_table_has_forty_causes_and_more_each_with_its_own_name() -> None:
    keys = [row.key for row in causes.TABLE]
    assert len(keys) == len(set(keys)) >= 40
    assert all(row.summary.endswith(".") for row in causes.TABLE)
