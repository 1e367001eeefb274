"""Read the stored description of a domain, and replace it without losing what others wrote."""

import libvirt

from vmdesk.core import history
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.libvirt_errors import translated

_STORED = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
"""What the next start uses, with passwords: left out, they would be deleted by the next write."""


def read(host: Host, uuid: str) -> str:
    """Return the stored description as text: what to hand back as the base of a later change."""
    with translated():
        return str(host.domain(uuid).XMLDesc(_STORED))


class Definition:
    """The stored description of one domain, as it was when this was made.

    With a ``base`` it raises ``OperationError`` (wrong state) if the description is not that any
    more: somebody else changed it since the base was read.
    """

    def __init__(self, host: Host, uuid: str, base: str | None = None) -> None:
        self._host = host
        self._uuid = uuid
        self._is_kept = False
        self.domain: libvirt.virDomain = host.domain(uuid)
        self.text = read(host, uuid)
        with translated():
            self.is_active = bool(self.domain.isActive())
            is_persistent = bool(self.domain.isPersistent())
        if not is_persistent:
            raise OperationError(
                _("This machine is temporary: libvirt keeps nothing of it when it stops."),
                _("It can only be changed by the program that started it."),
                cause=Cause.WRONG_STATE,
            )
        if base is not None and base != self.text:
            raise OperationError(
                _("The machine was changed by another program meanwhile."),
                _("Nothing was overwritten. Look at its present settings and decide again."),
                cause=Cause.WRONG_STATE,
            )

    def edited(self) -> DomainXml:
        """Return a fresh copy of the stored description to edit."""
        return DomainXml.parse(self.text)

    def running(self) -> DomainXml | None:
        """Return what the machine runs with now, or ``None`` while it is off."""
        if not self.is_active:
            return None
        with translated():
            return DomainXml.parse(self.domain.XMLDesc())

    def keep(self) -> None:
        """Keep the description in the history, once; needed before a change that libvirt makes."""
        if not self._is_kept:
            history.save(self._uuid, self.text)
        self._is_kept = True

    def refresh(self) -> None:
        """Read the description again, after libvirt has changed it for us."""
        self.text = read(self._host, self._uuid)

    def replace(self, xml: DomainXml) -> None:
        """Keep the description and store ``xml`` instead; an equal text changes nothing."""
        if xml.text == self.text:
            return
        self.keep()
        with translated():
            self._host.connection.defineXML(xml.text)

    def require_off(self, hint: str) -> None:
        """Raise ``OperationError`` (wrong state) unless the machine is off and not saved."""
        if self.is_active:
            raise OperationError(_("The machine is running."), hint, cause=Cause.WRONG_STATE)
        with translated():
            is_saved = bool(self.domain.hasManagedSaveImage())
        if is_saved:
            raise OperationError(
                _("The machine is saved in the middle of its work."),
                _("Start it and shut it down, then try again."),
                cause=Cause.WRONG_STATE,
            )
