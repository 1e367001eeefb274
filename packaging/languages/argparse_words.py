"""The words of argparse that vmdesk and vmdeskctl show, for the template; nothing imports this."""

from vmdesk.core.i18n import _, ngettext

_("usage: ")
_("options")
_("positional arguments")
_("show this help message and exit")
_("show program's version number and exit")
_("%(prog)s: error: %(message)s\n")
_("argument %(argument_name)s: %(message)s")
_("expected one argument")
_("expected at most one argument")
_("expected at least one argument")
ngettext("expected %s argument", "expected %s arguments", 2)
_("ignored explicit argument %r")
_("invalid %(type)s value: %(value)r")
_("invalid choice: %(value)r (choose from %(choices)s)")
_("not allowed with argument %s")
_("the following arguments are required: %s")
_("unrecognized arguments: %s")
