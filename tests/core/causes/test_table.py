"""The table: whole, with mends, and right of what this computer can’t be made to say."""

import libvirt
import pytest

from vmdesk.core import causes
from vmdesk.core.causes.row import Signs
from vmdesk.core.mend import user_name

QEMU = libvirt.VIR_FROM_QEMU

QUOTED = [
    ("no bridge", Signs("Cannot get interface MTU on 'br0': No such device", 38, QEMU, 19)),
]
"""What this computer can't be made to say: as libvirt's sources and the kernel have it."""


@pytest.mark.parametrize(("key", "signs"), QUOTED, ids=[key for key, _signs in QUOTED])
def test_what_can_not_be_made_here_is_recognized_too(key: str, signs: Signs) -> None:
    known = causes.recognize(signs)
    assert known is not None
    assert known.key == key


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
