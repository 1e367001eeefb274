"""The command that lists the connections of the window, and whether each can be reached."""

from vmdesk.cli.command import Commands, Context
from vmdesk.cli.output import Result
from vmdesk.core import configuration, reachability
from vmdesk.core.i18n import _
from vmdesk.core.reachability import Reach


def add_commands(commands: Commands) -> None:
    """Add this module's command, which connects by itself."""
    description = _("list the connections of the window, and whether each can be reached")
    parser = commands.add("connections", _connections, description, takes_name=False)
    parser.set_defaults(connects=False)


def _connections(context: Context) -> Result:
    known = configuration.choose_connections(context.arguments.connect)
    found = reachability.look(known, context.job)
    wide = max(len(reach.connection.name) for reach in found)
    lines = [line for reach in found for line in _described(reach, wide)]
    return Result("\n".join(lines), [_plain(reach) for reach in found])


def _described(reach: Reach, wide: int) -> list[str]:
    known, error = reach.connection, reach.error
    state = _("reachable") if error is None else f"{_('not reachable')}: {error.summary}"
    lines = [f"{known.name:<{wide}}  {known.uri}  {state}"]
    return lines if error is None or not error.hint else [*lines, f"{'':<{wide}}  {error.hint}"]


def _plain(reach: Reach) -> dict[str, object]:
    error = reach.error
    problem = None if error is None else {"error": error.summary, "hint": error.hint}
    return {
        "name": reach.connection.name,
        "uri": reach.connection.uri,
        "reachable": error is None,
        "problem": problem,
    }
