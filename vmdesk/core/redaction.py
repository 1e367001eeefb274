"""Leave secrets out of what is written down: the log, and the report for others to read."""

import logging
import re

LEFT_OUT = "•••"

# A password in an address, a value by its name (in a query, an option or XML), and HTTP's header.
_ADDRESS = re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)@")
_NAMED = re.compile(
    r"""((?:pass(?:w|wor)d|passphrase|secret|token|api[_-]?key|access[_-]?key|signature|sig"""
    r"""|credential|x-amz-[a-z-]+)['"]?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&,;<>'"]+)""",
    re.IGNORECASE,
)
_HEADER = re.compile(r"((?:authorization|cookie)['\"]?\s*:\s*)[^\r\n]+", re.IGNORECASE)
_SECRET = re.compile(r"(<value>)[^<]*(</value>)")


def without_secrets(text: str) -> str:
    """Return ``text`` with a sign in the place of each password, token and key."""
    text = _HEADER.sub(rf"\1{LEFT_OUT}", text)
    text = _ADDRESS.sub(rf"\1:{LEFT_OUT}@", text)
    text = _NAMED.sub(rf"\1{LEFT_OUT}", text)
    return _SECRET.sub(rf"\1{LEFT_OUT}\2", text)


class Formatter(logging.Formatter):
    """Formats a record with its trace, and leaves the secrets in it out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text."""
        return without_secrets(super().format(record))
