"""The command that offers the operations over HTTP; Flask and waitress are an optional extra."""

from contextlib import suppress
from pathlib import Path

from vmdesk.cli.command import Commands, Context
from vmdesk.cli.output import Result
from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, OperationError
from vmdesk.core.operations import clear_up

_PORT = 8470


def add_commands(commands: Commands) -> None:
    """Add this module's command."""
    serve = commands.add("serve", _serve, _("answer to requests over HTTP"), takes_name=False)
    serve.add_argument(
        "--show-token", action="store_true", help=_("print what a client must send, and end")
    )
    serve.add_argument("--address", default="127.0.0.1", help=_("default: %(default)s"))
    serve.add_argument("--port", type=int, default=_PORT, help=_("default: %(default)s; 0: any"))
    serve.add_argument("--socket", type=Path, metavar="PATH", help=_("a UNIX socket instead"))
    serve.add_argument("--certificate", type=Path, metavar="PEM", help=_("use TLS, on any address"))
    serve.add_argument("--key", type=Path, metavar="PEM", help=_("of the certificate"))
    serve.add_argument(
        "--host", action="append", default=[], help=_("a name that clients call the server by")
    )


def _serve(context: Context) -> Result:
    try:
        from vmdesk.api import access_token, front
    except ModuleNotFoundError as exc:
        raise OperationError(
            _("The server needs Flask and waitress, which are not installed."),
            _("Install them with: pip install 'vmdesk[api]'"),
            str(exc),
        ) from exc
    arguments = context.arguments
    token = access_token.read()
    if arguments.show_token:
        return Result(token, {"token": token})
    place = front.Place(
        address=arguments.address,
        port=arguments.port,
        socket=arguments.socket,
        certificate=arguments.certificate,
        key=arguments.key,
        names=tuple(arguments.host),
    )

    def is_listening(url: str) -> None:
        context.output.result(Result(_("Listening on {url}").format(url=url), {"listening": url}))

    clear_up.run(context.host, context.job)
    uri, folders = context.host.uri, context.folders
    # To be stopped is how a server ends.
    with suppress(Cancelled):
        front.serve(uri, token, place, folders, context.job, is_listening)
    return Result(_("Stopped."), {"stopped": True})
