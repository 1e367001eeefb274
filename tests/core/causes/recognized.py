"""What the table says of an error that libvirt really raises."""

from collections.abc import Callable

import libvirt
import pytest

from vmdesk.core import causes
from vmdesk.core.causes import Known
from vmdesk.core.libvirt_errors import garbled_words


def cause_of(deed: Callable[[], object]) -> Known:
    """Return what the table says of the error that ``deed`` ends with."""
    with pytest.raises((libvirt.libvirtError, SystemError)) as caught:
        deed()
    error = caught.value
    if isinstance(error, libvirt.libvirtError):
        known = causes.of_libvirt(error)
    else:
        known = causes.of_program(garbled_words(error) or "")
    assert known is not None, error
    return known
