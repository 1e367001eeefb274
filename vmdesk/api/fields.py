"""The fields of JSON bodies: described once, for the check and for the OpenAPI document."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from ``least`` to ``most``."""

    description: str
    least: int
    most: int
    default: int | None = None

    def schema(self) -> dict[str, object]:
        """Return it as JSON Schema."""
        schema: dict[str, object] = {
            "type": "integer",
            "description": self.description,
            "minimum": self.least,
            "maximum": self.most,
        }
        return schema if self.default is None else schema | {"default": self.default}

    def accepts(self, value: object) -> bool:
        """Tell whether a parsed value is one of these."""
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Text:
    """A text of 1 to ``longest`` characters that ``pattern`` matches as a whole."""

    description: str
    longest: int
    pattern: str = ""
    default: None = None

    def schema(self) -> dict[str, object]:
        """Return it as JSON Schema."""
        schema: dict[str, object] = {
            "type": "string",
            "description": self.description,
            "minLength": 1,
            "maxLength": self.longest,
        }
        return schema | {"pattern": f"^{self.pattern}$"} if self.pattern else schema

    def accepts(self, value: object) -> bool:
        """Tell whether a parsed value is one of these; neither file systems nor C take NUL."""
        if not isinstance(value, str) or not 1 <= len(value) <= self.longest:
            return False
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
            return False
        return not self.pattern or re.fullmatch(self.pattern, value) is not None


Field = Number | Text


@dataclass(frozen=True, slots=True)
class Body:
    """An object with these fields and no others."""

    fields: Mapping[str, Field]
    required: tuple[str, ...] = ()

    def schema(self) -> dict[str, object]:
        """Return it as JSON Schema."""
        schema: dict[str, object] = {
            "type": "object",
            "properties": {name: field.schema() for name, field in self.fields.items()},
            "additionalProperties": False,
        }
        if self.required:
            return schema | {"required": list(self.required)}
        return schema | {"minProperties": 1}

    def parse(self, content_type: str, data: bytes) -> dict[str, object]:
        """Return the values, with defaults; raise ``OperationError`` (invalid value)."""
        if content_type != "application/json":
            raise _bad(_("The body must be JSON."), _("Send “Content-Type: application/json”."))
        try:
            values = json.loads(data, parse_float=_number)
        except (ValueError, RecursionError) as exc:
            raise _bad(_("The body is no valid JSON.")) from exc
        if not isinstance(values, dict):
            raise _bad(_("The body must be a JSON object."))
        self._check(values)
        defaults: dict[str, object] = {n: field.default for n, field in self.fields.items()}
        return defaults | values

    def _check(self, values: Mapping[str, object]) -> None:
        for name in self.required:
            if name not in values:
                raise _bad(_("The field “{name}” is missing.").format(name=name))
        if not values:
            raise _bad(_("There is nothing to change."))
        for name, value in values.items():
            field = self.fields.get(name)
            if field is None:
                known = ", ".join(self.fields)
                raise _bad(
                    _("There is no field “{name}”.").format(name=name[:50]),
                    _("There are: {names}.").format(names=known),
                )
            if not field.accepts(value):
                raise _bad(
                    _("The field “{name}” has a value that it can’t have.").format(name=name),
                    field.description,
                )


def _number(text: str) -> int | float:
    """Read a number with a point: to JSON, 2.0 is a whole one."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _bad(error: str, hint: str = "") -> OperationError:
    return OperationError(error, hint, cause=Cause.INVALID_VALUE)
