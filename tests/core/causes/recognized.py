"""What the table says of an error that libvirt really raises."""

from collections.abc import Callable

import libvirt
import pytest

from vmdesk.core import causes
from vmdesk.core.causes import Known


def cause_of(deed: Callable[[], object]) -> Known:
    """Return what the table says of the error that ``deed`` ends with."""
    with pytest.raises(libvirt.libvirtError) as caught:
        deed()
    known = causes.of_libvirt(caught.value)
    assert known is not None, caught.value.get_error_message()
    return known
