"""Every dialog of vmdesk in every state, from values by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QWidget

from tests.views.doctor.findings import BAD, GOOD
from tests.views.properties.dialogs import DISK, RUNNING, settings
from vmdesk.controller import Controller
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.untrusted_xml import Dropped
from vmdesk.core.doctor.finding import Finding
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import DomainState
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError, Progress
from vmdesk.core.kept_discs import Iso, SourceInfo, Verification
from vmdesk.core.operations.create import HostLimits
from vmdesk.core.operations.delete import DeletionPlan, DoomedFile
from vmdesk.core.operations.export import Place, Survey
from vmdesk.core.operations.incoming import Preview, PreviewDisk
from vmdesk.core.storage.keeping import KeptFile
from vmdesk.core.storage.pools import PoolInfo, PoolState
from vmdesk.core.versions import Versions
from vmdesk.settings import Settings
from vmdesk.site import Site
from vmdesk.tasks import Task
from vmdesk.views.about_dialog import AboutDialog
from vmdesk.views.action_rules import Act
from vmdesk.views.actions import DomainActions
from vmdesk.views.bundles.export_dialog import ExportDialog
from vmdesk.views.bundles.import_dialog import ImportDialog
from vmdesk.views.closing import ClosingQuestion
from vmdesk.views.connections.add_dialog import AddDialog, RenameDialog
from vmdesk.views.connections.place_field import PlaceField
from vmdesk.views.connections.question_dialogs import PersonDialog, SecretDialog
from vmdesk.views.delete_dialog import DeleteDialog
from vmdesk.views.doctor.page import DoctorPage
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.insert_disc_dialog import InsertDiscDialog
from vmdesk.views.message_dialog import Choice, MessageDialog
from vmdesk.views.new_domain.dialog import NewDomainDialog
from vmdesk.views.properties.dialog import PropertiesDialog
from vmdesk.views.properties.removal import RemoveDiskDialog
from vmdesk.views.properties.several import SeveralDialog
from vmdesk.views.settings.dialog import SettingsDialog
from vmdesk.views.shortcuts_dialog import ShortcutsDialog
from vmdesk.views.toolbar import WindowActions
from vmdesk.views.transfers.dialog import TransferDialog
from vmdesk.views.transfers.form import Way
from vmdesk.work import Operations

Maker = Callable[[QWidget], QDialog]

ADDRESS = (
    "https://cdimage.debian.org/debian-cd/current/amd64/iso-cd/debian-13.1.0-amd64-netinst.iso"
)
BUNDLE = Path("/home/ann/Downloads/debian-12.tar.gz")
LIMITS = HostLimits(memory=16 * GIB, cpus=8, free_room=100 * GIB, has_kvm=False)
DOOMED = DoomedFile(Path("/home/ann/.local/share/vmdesk/disks/debian-12.qcow2"), 12 * GIB)
SURVEY = Survey("uuid-1", "debian-12", False, False, 3 * GIB, ())
PREVIEW = Preview(
    path=BUNDLE,
    content=Content.BUNDLE,
    name="debian-12",
    memory_kib=4 * MIB,
    vcpus=2,
    is_uefi=True,
    disks=(PreviewDisk("vda", "qcow2", 30 * GIB, 3 * GIB),),
    dropped=(
        Dropped("hostdev", _("it hands a device of the computer to the machine")),
        Dropped("filesystem", _("it opens a folder of the computer to the machine")),
        Dropped("qemu:commandline", _("it gives QEMU options of its own, which can run programs")),
    ),
    changed=(_("There is no SPICE here; the display becomes VNC."),),
    required_bytes=3 * GIB,
    free_bytes=40 * GIB,
    is_verified=False,
    identity="uuid",
)


def _new(parent: QWidget) -> NewDomainDialog:
    dialog = NewDomainDialog(lambda: {"router"}, parent)
    dialog.form.show_limits(LIMITS)
    return dialog


def _new_good(parent: QWidget) -> NewDomainDialog:
    dialog = _new(parent)
    info = SourceInfo("debian-13", "debian-13.1.0-amd64-netinst.iso", 662 * MIB, False)
    dialog.form.source.edit.setText(ADDRESS)
    dialog.form.source.show_info(ADDRESS, info)
    return dialog


def _new_wrong(parent: QWidget) -> NewDomainDialog:
    dialog = _new(parent)
    form = dialog.form
    form.source.edit.setText("https://example.org/download.html")
    page = _("{name} is a web page, not a disc image.").format(name="download.html")
    form.source.show_failure(form.source.source, OperationError(page))
    form.name.edit.setText("router")
    form.memory.spin.setValue(32768)
    form.vcpus.spin.setValue(12)
    form.disk.spin.setValue(500)
    form.checksum.edit.setText("0123456789abcdef")
    return dialog


def _insert(parent: QWidget) -> InsertDiscDialog:
    dialog = InsertDiscDialog(parent)
    names = ("debian-13.1.0-amd64-netinst.iso", "virtio-win.iso")
    dialog.show_discs([Iso(Path("/isos", n), 662 * MIB, Verification.NOT_VERIFIED) for n in names])
    return dialog


def _export(parent: QWidget, *surveys: Survey, free: int | None = 90 * GIB) -> ExportDialog:
    dialog = ExportDialog(surveys, Path("/home/ann/Desktop"), parent)
    for path in dialog.form.targets().values():
        dialog.form.show_place(Place(path, free is None, free))
    return dialog


def _import(parent: QWidget, preview: Preview) -> ImportDialog:
    dialog = ImportDialog(BUNDLE, lambda: {"router"}, parent)
    dialog.show_preview(preview)
    return dialog


def _import_looking(parent: QWidget) -> ImportDialog:
    dialog = ImportDialog(BUNDLE, set, parent)
    dialog.show_progress(Progress(GIB, 4 * GIB, _("Looking into the bundle")))
    return dialog


def _plan(name: str, state: DomainState = DomainState.SHUTOFF) -> DeletionPlan:
    kept = KeptFile("/home/ann/.local/share/vmdesk/isos/debian-13.iso", _("an installation disc"))
    return DeletionPlan(f"uuid of {name}", name, state, (DOOMED,), (kept,))


def _properties(parent: QWidget, page: str, is_running: bool = False) -> PropertiesDialog:
    shown = settings(RUNNING) if is_running else settings()
    dialog = PropertiesDialog(shown, lambda: {"debian"}, parent)
    dialog.show_page(getattr(dialog, page))
    return dialog


def _properties_asked(parent: QWidget) -> PropertiesDialog:
    dialog = _properties(parent, "sizes", is_running=True)
    text = _("Another program changed this machine meanwhile. {changes}")
    choices = (
        Choice("keep", _("&Keep my changes")),
        Choice("show", _("Show the p&resent settings")),
    )
    dialog.ask(text.format(changes=""), choices)
    return dialog


def _several(parent: QWidget) -> SeveralDialog:
    second = settings(replace(RUNNING, uuid="2", name="mail", base="<other/>"))
    dialog = SeveralDialog([settings(), second], parent)
    dialog.set_memory.click()
    return dialog


def _settings(parent: QWidget, page: int) -> SettingsDialog:
    dialog = SettingsDialog(Settings(), parent)
    dialog.list.setCurrentRow(page)
    return dialog


def _doctor(parent: QWidget, *findings: Finding) -> DoctorPage:
    dialog = DoctorPage(parent)
    dialog.resize(640, 640)
    if findings:
        dialog.show_findings(findings)
    return dialog


def _about(parent: QWidget) -> AboutDialog:
    dialog = AboutDialog(parent)
    dialog.show_versions(Versions("11.3", "QEMU", "10.0"))
    return dialog


def _error(parent: QWidget, *, unfolds: bool) -> ErrorDialog:
    details = "libvirt: code 38, domain 10\nCannot access storage file '/vms/debian.qcow2'"
    text = _("The disk {path} is missing.").format(path="/vms/debian.qcow2")
    hint = _("Put it back where it was, or delete the machine.")
    title = _("Start {name}").format(name="debian-12")
    dialog = ErrorDialog(parent, title, OperationError(text, hint, details), can_retry=True)
    if unfolds:
        dialog.unfold.click()
    return dialog


def _shortcuts(parent: QWidget) -> ShortcutsDialog:
    machines = DomainActions(parent)
    of_machines: list[QAction] = [machines[act] for act in Act]
    return ShortcutsDialog(WindowActions(parent).all, of_machines, parent)


def _sites() -> tuple[Controller, list[Site]]:
    """A controller of two connections that nobody asks anything, and these."""
    controller = Controller(Folders(Path("/isos"), Path("/disks")))
    uris = ("qemu:///system", "qemu+ssh://lab-server/system")
    return controller, [controller.add(uri) for uri in uris]


def _place() -> tuple[Controller, PlaceField]:
    controller, sites = _sites()
    place = PlaceField(sites)
    folder = Path("/var/lib/libvirt/images")
    running, stopped = PoolState.RUNNING, PoolState.INACTIVE
    pools = [
        PoolInfo("default", "dir", running, folder, 200 * GIB, 35 * GIB),
        PoolInfo("archive", "dir", stopped, folder, 0, 0),
    ]
    place.offer(sites[0], pools)
    return controller, place


def _new_places(parent: QWidget) -> NewDomainDialog:
    controller, place = _place()
    dialog = NewDomainDialog(lambda: {"router"}, parent, place)
    controller.setParent(dialog)
    dialog.form.show_limits(LIMITS)
    return dialog


def _import_places(parent: QWidget) -> ImportDialog:
    controller, place = _place()
    dialog = ImportDialog(BUNDLE, lambda: {"router"}, parent, place)
    controller.setParent(dialog)
    dialog.show_preview(PREVIEW)
    return dialog


def _transfer(
    parent: QWidget, *, is_running: bool, losses: tuple[str, ...] = (), problem: str = ""
) -> TransferDialog:
    controller, sites = _sites()
    dialog = TransferDialog("debian-12", sites, parent, is_running=is_running)
    controller.setParent(dialog)
    if is_running:
        dialog.form.show_obstacles([problem] if problem else [], ())
    else:
        dialog.form.show_plan(losses, PREVIEW.changed)
    if losses:
        dialog.form.ways.choose(Way.MOVE)
        dialog.form.check()
    return dialog


def _force_off(parent: QWidget) -> MessageDialog:
    choices = (Choice("no", _("&Not now")), Choice("yes", _("&Force off"), "danger"))
    heading = _("“{name}” did not shut down").format(name="debian-12")
    text = _("What is not saved inside is lost, as when the power fails.")
    return MessageDialog(parent, "warning", heading, text, choices)


class _Busy(Operations):
    """Two machines are being exported."""

    @property
    def tasks(self) -> list[Task]:
        title = _("Export {name}")
        return [Task(title.format(name=name), "", Job()) for name in ("debian-12", "mail")]


def _secret(parent: QWidget) -> SecretDialog:
    heading = _("Password of {who}").format(who="ann@lab-server")
    words = _("The other computer asks for it. vmdesk does not keep it.")
    return SecretDialog(parent, heading, words, _("&Password"))


def _secret_again(parent: QWidget) -> SecretDialog:
    heading = _("Password of {who}").format(who="ann")
    words = _("Your system asks for it before libvirt lets you in. vmdesk does not keep it.")
    dialog = SecretDialog(parent, heading, words, _("&Password"), _("&Allow"))
    dialog.secret.show_problem(_("That was not it. Try again."))
    return dialog


_FULL = replace(SURVEY, has_tpm=True, has_saved_state=True)
_STREAMED = replace(
    PREVIEW, dropped=(), changed=(), disks=(*PREVIEW.disks, PreviewDisk("vdb", "", None, None))
)
_SURVEYS = [replace(SURVEY, uuid=str(number), name=f"web-{number}") for number in range(3)]

_POOLED = (replace(DOOMED, path=Path("/var/lib/libvirt/images/web.qcow2"), pool="default"),)
_LOSSES = (
    _("its UEFI variables, such as the order of what it boots from"),
    _("what its TPM keeps, such as keys of encrypted disks"),
)
_OBSTACLE = _("Make room in the storage pool “{pool}” there.").format(pool="default")
DIALOGS: dict[str, Maker] = {
    "new-empty": _new,
    "new-good": _new_good,
    "new-wrong": _new_wrong,
    "new-places": _new_places,
    "import-places": _import_places,
    "insert": _insert,
    "transfer": lambda parent: _transfer(parent, is_running=False),
    "transfer-losses": lambda parent: _transfer(parent, is_running=False, losses=_LOSSES),
    "transfer-live": lambda parent: _transfer(parent, is_running=True),
    "transfer-obstacle": lambda parent: _transfer(parent, is_running=True, problem=_OBSTACLE),
    "export-one": lambda parent: _export(parent, SURVEY),
    "export-full": lambda parent: _export(parent, _FULL),
    "export-wrong": lambda parent: _export(parent, SURVEY, free=None),
    "export-several": lambda parent: _export(parent, *_SURVEYS),
    "import-looking": _import_looking,
    "import-drops": lambda parent: _import(parent, PREVIEW),
    "import-streamed": lambda parent: _import(parent, _STREAMED),
    "import-no-room": lambda parent: _import(parent, replace(PREVIEW, free_bytes=GIB, identity="")),
    "delete-one": lambda parent: DeleteDialog(parent, [_plan("debian-12")]),
    "delete-running": lambda parent: DeleteDialog(parent, [_plan("web", DomainState.RUNNING)]),
    "delete-several": lambda parent: DeleteDialog(parent, [_plan("web"), _plan("mail")]),
    "delete-pool": lambda parent: DeleteDialog(parent, [replace(_plan("web"), deleted=_POOLED)]),
    "properties-general": lambda parent: _properties(parent, "general"),
    "properties-sizes": lambda parent: _properties(parent, "sizes"),
    "properties-sizes-running": lambda parent: _properties(parent, "sizes", is_running=True),
    "properties-disks": lambda parent: _properties(parent, "disks"),
    "properties-drives": lambda parent: _properties(parent, "drives"),
    "properties-wiring": lambda parent: _properties(parent, "wiring"),
    "properties-history": lambda parent: _properties(parent, "history"),
    "properties-asked": _properties_asked,
    "properties-several": _several,
    "remove-disk": lambda parent: RemoveDiskDialog(parent, "debian-12", DISK),
    "settings-machines": lambda parent: _settings(parent, 0),
    "settings-files": lambda parent: _settings(parent, 1),
    "settings-window": lambda parent: _settings(parent, 2),
    "settings-connection": lambda parent: _settings(parent, 3),
    "doctor-looking": lambda parent: _doctor(parent),
    "doctor-all-good": lambda parent: _doctor(parent, *GOOD),
    "doctor-findings": lambda parent: _doctor(parent, *BAD, *GOOD),
    "error": lambda parent: _error(parent, unfolds=False),
    "error-details": lambda parent: _error(parent, unfolds=True),
    "force-off": _force_off,
    "quit": lambda parent: ClosingQuestion(parent, _Busy(parent)),
    "connection-add": AddDialog,
    "connection-secret": _secret,
    "connection-secret-again": _secret_again,
    "connection-person": lambda parent: PersonDialog(parent, ["root", "Ann Berg (ann)"]),
    "connection-rename": lambda parent: RenameDialog(parent, "lab", "lab-server"),
    "shortcuts": _shortcuts,
    "about": _about,
}
