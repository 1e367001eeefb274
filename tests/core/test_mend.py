"""Who a mend is for."""

import os
import pwd

import pytest

from vmdesk.core.mend import user_name


def test_a_user_has_a_name_or_else_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pwd.getpwnam(user_name()).pw_uid == os.geteuid()
    nobody = 1 + max(entry.pw_uid for entry in pwd.getpwall())
    monkeypatch.setattr(os, "geteuid", lambda: nobody)
    assert user_name() == str(nobody)
