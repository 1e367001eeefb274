"""What the endpoints of bundles do: export to the desktop, and import what is uploaded."""

from contextlib import ExitStack
from pathlib import Path
from typing import IO
from uuid import uuid4

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from vmdesk.api.jobs import JsonObject
from vmdesk.api.machines import with_missing_disk
from vmdesk.api.services import Services
from vmdesk.core import paths, staging
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.download import names
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import export, import_, incoming
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions

_PARTS = 16
"""Parts that a form may have."""


def export_vm(services: Services, vm_name: str) -> JsonObject:
    """Export a machine to a plain tar on the desktop."""
    return _export(services, vm_name, ArchiveForm.TAR)


def export_vm_compressed(services: Services, vm_name: str) -> JsonObject:
    """Export a machine to a tar.gz on the desktop."""
    return _export(services, vm_name, ArchiveForm.TAR_GZ)


def _export(services: Services, vm_name: str, form: ArchiveForm) -> JsonObject:
    host, info = services.host, services.domain(vm_name)

    def work(job: Job) -> JsonObject:
        options = ExportOptions(form)
        try:
            done = export.run(host, info.uuid, paths.desktop_dir(), options, job)
        except OperationError as error:
            raise with_missing_disk(services, info, error) from error
        return {"path": str(done.path), "size": done.size, "notes": list(done.notes)}

    return services.run(_("Exporting “{name}”"), info, work)


def import_vm(services: Services) -> JsonObject:
    """Import the machine in the part ``file`` of the form that is uploaded."""
    folder, uuid = services.folders.disks, str(uuid4())

    def work(job: Job) -> JsonObject:
        with incoming.in_words(folder), staging.opened(folder, _("Upload of a machine")) as stage:
            file = _received(stage.folder)
            options = ImportOptions(folder=folder, uuid=uuid)
            done = import_.run(services.host, file, options, job)
        return {
            "imported": done.name,
            "uuid": done.uuid,
            "files": [str(path) for path in done.files],
            "dropped": [{"what": item.what, "why": item.why} for item in done.dropped],
            "changed": list(done.changed),
            "verified": done.is_verified,
        }

    return services.jobs.run(_("Importing a machine"), "", uuid, work)


def _received(folder: Path) -> Path:
    """Write the file of the form into ``folder``, under the name that the client gave it."""
    with ExitStack() as opened:

        def open_part(*_about: object, **_more: object) -> IO[bytes]:
            return opened.enter_context((folder / f"part-{uuid4().hex}").open("xb"))

        parser = FormDataParser(open_part, max_form_parts=_PARTS)
        stream = request.environ["wsgi.input"]
        try:
            _stream, _form, files = parser.parse(
                stream, request.mimetype, request.content_length, request.mimetype_params
            )
        except (ValueError, RequestEntityTooLarge) as exc:
            raise _bad(_("The form can’t be read.")) from exc
    # It is in the parts now, and needs the room for what is in them.
    stream.truncate(0)
    part = files.get("file")
    if part is None:
        raise _bad(_("There is no part “file” in the form."), _("Send it as multipart/form-data."))
    name = names.file_name(part.filename or "") or "machine"
    return Path(part.stream.name).rename(folder / name)


def _bad(error: str, hint: str = "") -> OperationError:
    return OperationError(error, hint, cause=Cause.BAD_INPUT)
