"""Causes in what libvirt keeps: names, networks, pools, saves and snapshots, and their states."""

import libvirt

from vmdesk.core.causes.row import Row
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause

_REFUSED = frozenset({libvirt.VIR_ERR_OPERATION_INVALID})

STATES: tuple[Row, ...] = (
    Row(
        "busy",
        _("The virtual machine is busy with something else."),
        _("Wait until that is done and try again."),
        codes=frozenset({libvirt.VIR_ERR_OPERATION_TIMEOUT}),
    ),
    Row(
        "agent silent",
        _("The guest’s agent does not answer."),
        _("Install qemu-guest-agent in the guest and start it there."),
        codes=frozenset({libvirt.VIR_ERR_AGENT_UNRESPONSIVE, libvirt.VIR_ERR_AGENT_UNSYNCED}),
    ),
    Row(
        "no agent",
        _("This machine has no channel to an agent in the guest."),
        _("Use what needs no agent, or add the channel org.qemu.guest_agent.0 to the machine."),
        words="guest agent is not configured",
    ),
    Row(
        "no network",
        _("The virtual network of this machine does not exist."),
        _("Choose another in its properties; “virsh net-list --all” shows those there are."),
        codes=frozenset({libvirt.VIR_ERR_NO_NETWORK}),
    ),
    Row(
        "network inactive",
        _("The virtual network “{name}” is not running."),
        _("Start it with: virsh net-start {name}"),
        words="'(?P<name>.+)'",
        codes=_REFUSED,
        domain=libvirt.VIR_FROM_NETWORK,
        button=_("Start it"),
        command=("virsh", "--connect", "qemu:///system", "net-start", "{name}"),
    ),
    Row(
        "no domain",
        _("This virtual machine does not exist any more."),
        _("It may have been deleted by another program."),
        codes=frozenset({libvirt.VIR_ERR_NO_DOMAIN}),
        cause=Cause.NOT_FOUND,
    ),
    Row(
        "uuid taken",
        _("Another machine, “{name}”, has the same UUID."),
        _("Import it as a copy with a new UUID, or delete that machine first."),
        words=r"domain '(?P<name>.+)' is already defined with uuid",
    ),
    Row(
        "name taken",
        _("There is a machine called “{name}” already."),
        _("Choose another name."),
        words=r"domain (?:with name )?'(?P<name>.+)' already exists",
    ),
    Row(
        "running already",
        _("The machine is running already."),
        _("Shut it down first, or open its console."),
        words="already (?:active|running)",
        codes=_REFUSED,
        cause=Cause.WRONG_STATE,
    ),
    Row(
        "managed save",
        _("The saved state of this machine is in the way."),
        _("Start it and shut it down, or discard the saved state: that loses what was open."),
        words="managed saved? (?:state|image)",
        codes=_REFUSED,
        cause=Cause.WRONG_STATE,
    ),
    Row(
        "snapshots",
        _("The snapshots of this machine are in the way."),
        _("Delete its snapshots first, or delete the machine with all that belongs to it."),
        words=r"with \d+ snapshots",
        codes=_REFUSED,
        cause=Cause.WRONG_STATE,
    ),
    Row(
        "snapshot name taken",
        _("There is a snapshot called “{name}” already."),
        _("Choose another name for it."),
        words=r"domain moment (?P<name>.+) already exists",
    ),
    Row(
        "no snapshot",
        _("This snapshot does not exist any more."),
        _("It may have been deleted by another program."),
        codes=frozenset({libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT}),
        cause=Cause.NOT_FOUND,
    ),
    Row(
        "transient",
        _("This machine exists only until it is off, so nothing can be kept for it."),
        _("Make it a lasting one with “virsh define” first."),
        words="transient domain",
        cause=Cause.WRONG_STATE,
    ),
    Row(
        "pool inactive",
        _("The storage pool “{name}” is not active."),
        _("Start it with: virsh pool-start {name}"),
        words=r"storage pool '(?P<name>[^']+)'.* is not active",
        button=_("Start it"),
        command=("virsh", "--connect", "qemu:///system", "pool-start", "{name}"),
    ),
    Row(
        "no pool",
        _("The storage pool does not exist."),
        _("“virsh pool-list --all” shows those there are."),
        codes=frozenset({libvirt.VIR_ERR_NO_STORAGE_POOL}),
        cause=Cause.NOT_FOUND,
    ),
    Row(
        "no volume",
        _("The disk is not in its storage pool any more."),
        _("Put it back, or take the disk out of the machine."),
        codes=frozenset({libvirt.VIR_ERR_NO_STORAGE_VOL}),
        cause=Cause.NOT_FOUND,
    ),
    Row(
        "volume name taken",
        _("There is a disk of this name in the storage pool already."),
        _("Choose another name."),
        codes=frozenset({libvirt.VIR_ERR_STORAGE_VOL_EXIST}),
    ),
    Row(
        "no secret",
        _("The password of an encrypted disk is not known to libvirt."),
        _("Give it to libvirt with “virsh secret-define” and “virsh secret-set-value”."),
        codes=frozenset({libvirt.VIR_ERR_NO_SECRET}),
    ),
    Row(
        "wrong state",
        _("This can’t be done in the state that the virtual machine is in."),
        codes=_REFUSED,
        cause=Cause.WRONG_STATE,
    ),
)
