"""Secrets never reach the log or a report."""

import io
import logging

import pytest

from vmdesk.core import redaction
from vmdesk.core.redaction import without_secrets


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://me:hunter2@host/x.iso", "https://me:•••@host/x.iso"),
        ("https://host/x.iso?token=hunter2&page=2", "https://host/x.iso?token=•••&page=2"),
        ("https://host/x?X-Amz-Signature=hunter2", "https://host/x?X-Amz-Signature=•••"),
        ("<graphics type='vnc' passwd='hunter2'/>", "<graphics type='vnc' passwd=•••/>"),
        ('{"password": "hunter2 and more"}', '{"password": •••}'),
        ("Authorization: Bearer hunter2", "Authorization: •••"),
        ("<value>hunter2</value>", "<value>•••</value>"),
        ("qemu+ssh://me@host/system", "qemu+ssh://me@host/system"),
        ("Could not open '/home/me/x.iso'", "Could not open '/home/me/x.iso'"),
    ],
)
def test_a_secret_is_left_out_and_all_else_stays(text: str, told: str) -> None:
    assert without_secrets(text) == told


def test_the_log_has_no_secret_even_in_a_trace() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(redaction.Formatter("%(message)s"))
    logger = logging.Logger("of this test")
    logger.addHandler(handler)
    try:
        raise ValueError("https://me:hunter2@host/")
    except ValueError:
        logger.exception("Asked for %s", "https://host/?secret=hunter2")
    assert "ValueError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
