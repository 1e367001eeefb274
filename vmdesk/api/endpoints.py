"""The endpoints: what each takes, and which statuses it answers with and no others."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vmdesk.api.fields import Body, Number, Text
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause
from vmdesk.core.operations import create

_LARGEST = 2**33
"""Figures above are no sizes: 8 EiB in GiB."""

# The first of these statuses that an endpoint has at all.
_PREFERRED = {
    Cause.FAILED: (500, 400, 503),
    Cause.NO_KVM: (400, 500),
    Cause.NOT_LET_IN: (500, 503),
    Cause.INVALID_VALUE: (400, 409),
    Cause.WRONG_STATE: (400, 409, 503),
    Cause.BAD_INPUT: (400, 409),
    Cause.NOT_FOUND: (404,),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path; ``failures`` maps statuses to what they mean."""

    method: str
    path: str
    operation: str
    summary: str
    success: int
    failures: Mapping[int, str] = field(default_factory=dict)
    body: Body | None = None
    is_upload: bool = False

    def status_of(self, cause: Cause) -> int:
        """Return the status for a failure."""
        fitting = (status for status in _PREFERRED[cause] if status in self.failures)
        return next(fitting, 503)


_MEMORY = Number(_("Memory in MiB."), 1, _LARGEST)
_VCPUS = Number(_("Number of processors."), 1, 65536)
_DISK = Number(_("Virtual size of the first disk in GiB."), 1, _LARGEST)
_NAME = Text(_("Name of the machine: 1 to 200 bytes without “/”."), create.MAXIMUM_NAME_BYTES)
_ADDRESS = Text(
    _("Where the installation disc is: http, https or file."), 4096, r"(https?|file)://[^\s]+"
)

_NEW = Body(
    {
        "name": _NAME,
        "iso_url": _ADDRESS,
        "disk_size_gb": Number(_DISK.description, 1, _LARGEST, create.DEFAULT_DISK_SIZE // GIB),
        "memory_mb": Number(_MEMORY.description, 1, _LARGEST, create.DEFAULT_MEMORY * KIB // MIB),
        "vcpu_count": Number(_VCPUS.description, 1, 65536, create.DEFAULT_VCPUS),
    },
    required=("iso_url",),
)
_CHANGES = Body(
    {"memory_mb": _MEMORY, "vcpu_count": _VCPUS, "disk_size_gb": _DISK, "new_name": _NAME}
)

_NO_MACHINE = {404: "There is no such machine."}
_NO_DISK = {404: "There is no such machine, or its disk image is missing."}
_EXPORT = {**_NO_DISK, 400: "It must be stopped, or it could not be exported."}
_IMPORT = {400: "There is no file part, or its contents are invalid.", 500: "It failed."}
_LIBVIRT = {503: "libvirt can't be reached, or too much is going on."}

ENDPOINTS = (
    Endpoint("GET", "/vms", "list_vms", "List all machines.", 200, _LIBVIRT),
    Endpoint(
        "POST",
        "/vms",
        "create_vm",
        "Create a machine from an ISO and start it.",
        202,
        {400: "A field is wrong.", 500: "The ISO could not be downloaded, or libvirt failed."},
        body=_NEW,
    ),
    Endpoint(
        "DELETE",
        "/vms/<vm_name>",
        "delete_vm",
        "Force a machine off and delete it with the disks that are its own.",
        204,
        {**_NO_MACHINE, 409: "The machine is busy.", **_LIBVIRT},
    ),
    Endpoint(
        "POST",
        "/vms/<vm_name>/modify",
        "modify_vm",
        "Change a machine that is off.",
        200,
        {**_NO_MACHINE, 400: "It must be stopped, or a field is wrong.", 500: "It failed."},
        body=_CHANGES,
    ),
    Endpoint(
        "POST",
        "/vms/<vm_name>/unmount_iso",
        "unmount_iso",
        "Take the installation disc out, now and for the next start.",
        200,
        {**_NO_MACHINE, 400: "It has no CD-ROM device, or it could not be done."},
    ),
    Endpoint(
        "POST",
        "/vms/<vm_name>/start",
        "start_vm",
        "Start a machine.",
        200,
        {**_NO_DISK, 400: "It could not be started."},
    ),
    Endpoint(
        "POST",
        "/vms/<vm_name>/stop",
        "stop_vm",
        "Force a machine off.",
        200,
        {**_NO_DISK, 400: "It could not be stopped."},
    ),
    Endpoint(
        "GET",
        "/vms/<vm_name>/export",
        "export_vm",
        "Export a machine to a plain tar on the desktop; answers when that is done.",
        200,
        _EXPORT,
    ),
    Endpoint(
        "GET",
        "/vms/<vm_name>/exportCompressed",
        "export_vm_compressed",
        "Export a machine to a tar.gz on the desktop; answers when that is done.",
        200,
        _EXPORT,
    ),
    Endpoint(
        "POST",
        "/vms/import",
        "import_vm",
        "Import a machine from a bundle or a disk image; answers when that is done.",
        200,
        _IMPORT,
        is_upload=True,
    ),
    Endpoint(
        "POST",
        "/vms/importCompressed",
        "import_vm_compressed",
        "The same: what is compressed is known by its contents.",
        200,
        _IMPORT,
        is_upload=True,
    ),
    Endpoint("GET", "/jobs", "list_jobs", "List what runs and what has ended.", 200),
    Endpoint(
        "GET", "/jobs/<job_id>", "get_job", "Describe a job.", 200, {404: "There is no such job."}
    ),
    Endpoint(
        "DELETE",
        "/jobs/<job_id>",
        "cancel_job",
        "Ask a job to stop; one that has ended stays as it is.",
        202,
        {404: "There is no such job."},
    ),
    Endpoint("GET", "/openapi.json", "get_openapi", "Return this document.", 200),
)

UPLOADS = frozenset(endpoint.path for endpoint in ENDPOINTS if endpoint.is_upload)
