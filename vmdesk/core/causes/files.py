"""Causes in files and images: missing, denied, locked, damaged, or no room for them."""

import errno

from vmdesk.core.causes.row import Row
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause

FILES: tuple[Row, ...] = (
    Row(
        "backing file missing",
        _("The image {path}, which a disk is based on, is missing."),
        _("Put it back where it was: without it the disk is not whole."),
        words=r"cannot access backing file '(?P<path>[^']+)'.*no such file"
        r"|could not open '(?P<other>[^']+)': no such file[^\n]*\ncould not open backing",
    ),
    Row(
        "iso missing",
        _("The installation disc {path} is missing."),
        _("Put it back, or eject it and start again."),
        words=r"'(?P<path>[^']+\.iso)'[^\n]*no such file",
    ),
    Row(
        "disk missing",
        _("The disk {path} is missing."),
        _("Put it back where it was, or delete the machine."),
        words=r"cannot access storage file '(?P<path>[^']+)'[^\n]*no such file"
        r"|could not open '(?P<other>[^']+)': no such file",
    ),
    Row(
        "image locked",
        _("A disk of this virtual machine is in use by another program."),
        _("Stop the machine or program that uses it and try again."),
        words='failed to get (?:shared )?"[a-z ]+" lock|failed to get shared',
    ),
    Row(
        "image corrupt",
        _("A disk image is damaged."),
        _("Copy it, then try “qemu-img check -r all” on the copy."),
        words="image is corrupt",
    ),
    Row(
        "image too new",
        _("A disk image was made by a newer QEMU than this one."),
        _("Update QEMU, or convert the image where it was made."),
        words=r"unsupported qcow2 feature|unknown incompatible feature|unsupported .* version",
    ),
    Row(
        "image cut off",
        _("A disk image ends too early: it was not copied whole."),
        _("Copy or download it again."),
        words="header too short|unexpected end|image is truncated",
    ),
    Row(
        "not that format",
        _("A disk image is not in the format that it should have."),
        _("Check where it comes from; its ending may be wrong."),
        words=r"image is not in \w+ format|invalid \w+ image|not a valid|not in vmdk format",
        cause=Cause.BAD_INPUT,
    ),
    Row(
        "format unknown",
        _("QEMU on this computer knows no images of the kind {name}."),
        _("Convert the image to qcow2 where that kind is known."),
        words=r"unknown (?:file format|driver) '(?P<name>[^']+)'",
        cause=Cause.BAD_INPUT,
    ),
    Row(
        "would shrink",
        _("A disk can’t be made smaller."),
        _("What lies behind the new end would be lost."),
        words="--shrink option",
        cause=Cause.INVALID_VALUE,
    ),
    Row(
        "a folder",
        _("{path} is a folder, not a disk image."),
        _("Choose a file in it."),
        words=r"driver requires '(?P<path>[^']+)' to be a regular file",
        cause=Cause.BAD_INPUT,
    ),
    Row(
        "path too long",
        _("The path of a socket is too long."),
        _("Use a folder nearer to the top: a socket’s path has 107 characters at most."),
        words=r"unix socket path '[^']*' too long",
        cause=Cause.INVALID_VALUE,
    ),
    Row(
        "no room",
        _("There is no room left on the disk."),
        _("Free some room, or choose a folder on another disk."),
        words="no space left on device",
        numbers=frozenset({errno.ENOSPC}),
    ),
    Row(
        "quota",
        _("Your share of the disk is used up."),
        _("Delete something of yours, or ask the administrator for more."),
        words="disk quota exceeded",
        numbers=frozenset({errno.EDQUOT}),
    ),
    Row(
        "read-only file system",
        _("The disk is mounted read-only."),
        _("Choose a folder on another disk; one that fails may turn read-only by itself."),
        words="read-only file system",
        numbers=frozenset({errno.EROFS}),
    ),
    Row(
        "file too large",
        _("The file would be larger than this file system or your limits allow."),
        _("Choose a folder on another disk: FAT allows 4 GiB."),
        words="file too large",
        numbers=frozenset({errno.EFBIG}),
    ),
    Row(
        "name too long",
        _("A file name is too long."),
        _("Choose a shorter one."),
        words="file name too long",
        numbers=frozenset({errno.ENAMETOOLONG}),
        cause=Cause.INVALID_VALUE,
    ),
    Row(
        "disk failing",
        _("The disk does not read or write as it should."),
        _("Save what is on it, and look at its health with smartctl."),
        words="input/output error",
        numbers=frozenset({errno.EIO}),
    ),
    Row(
        "too many files",
        _("Too many files are open."),
        _("Close other programs, or raise the limit with “ulimit -n”."),
        words="too many open files",
        numbers=frozenset({errno.EMFILE, errno.ENFILE}),
    ),
    Row(
        "not yours",
        _("You may not read or write a file."),
        _("Choose another folder, or check the permissions that Details names."),
        words=r"(?:\[errno|could not create|qemu-img:).*permission denied",
    ),
    Row(
        "permission denied",
        _("QEMU may not read a file that this virtual machine needs."),
        _("Check the permissions of the file and of the folders above it."),
        words="permission denied",
        numbers=frozenset({errno.EACCES, errno.EPERM}),
    ),
    Row(
        "folder missing",
        _("A folder or file is missing."),
        _("Details says which; it may be on a disk that is not mounted."),
        words="no such file or directory",
        numbers=frozenset({errno.ENOENT, errno.ENOTDIR}),
    ),
)
