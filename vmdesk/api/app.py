"""The WSGI application: finds the action of an endpoint, and puts its outcome into an answer.

It trusts whoever reaches it: ``server`` lets in only what ``guard`` has looked at.
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from vmdesk.api import machines, openapi, transfers
from vmdesk.api.endpoints import ENDPOINTS, Endpoint
from vmdesk.api.jobs import JsonObject
from vmdesk.api.services import Services
from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Cause, OperationError

Action = Callable[..., Any]


def _list_jobs(services: Services) -> list[JsonObject]:
    return [entry.describe() for entry in services.jobs.all()]


def _get_job(services: Services, job_id: str) -> JsonObject:
    return services.jobs.get(job_id).describe()


def _cancel_job(services: Services, job_id: str) -> JsonObject:
    entry = services.jobs.get(job_id)
    entry.job.cancel()
    return entry.describe()


_ACTIONS: dict[str, Action] = {
    "list_vms": machines.list_vms,
    "create_vm": machines.create_vm,
    "delete_vm": machines.delete_vm,
    "modify_vm": machines.modify_vm,
    "unmount_iso": machines.unmount_iso,
    "start_vm": machines.start_vm,
    "stop_vm": machines.stop_vm,
    "export_vm": transfers.export_vm,
    "export_vm_compressed": transfers.export_vm_compressed,
    "import_vm": transfers.import_vm,
    "import_vm_compressed": transfers.import_vm,
    "list_jobs": _list_jobs,
    "get_job": _get_job,
    "cancel_job": _cancel_job,
    "get_openapi": lambda _services: openapi.document(),
}


class _ExactRule(Rule):
    """A rule without HEAD: some of what GET does here takes minutes and writes files."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.methods is not None:
            self.methods.discard("HEAD")


class _App(Flask):
    url_rule_class = _ExactRule


def build(services: Services) -> Flask:
    """Return the application."""
    app = _App("vmdesk.api", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for endpoint in ENDPOINTS:
        view = partial(_answer, services, endpoint, _ACTIONS[endpoint.operation])
        app.add_url_rule(
            endpoint.path,
            endpoint.operation,
            view,
            methods=[endpoint.method],
            strict_slashes=True,
            merge_slashes=False,
        )
    app.register_error_handler(HTTPException, _in_json)
    return app


def _answer(services: Services, endpoint: Endpoint, action: Action, **parts: str) -> Response:
    values: dict[str, object] = dict(parts)
    try:
        if endpoint.body is not None:
            values |= endpoint.body.parse(request.mimetype, request.get_data())
        done = action(services, **values)
    except OperationError as error:
        return _failure(endpoint.status_of(error.cause), error.summary, error.hint)
    except Cancelled:
        return _failure(endpoint.status_of(Cause.WRONG_STATE), _("Cancelled."))
    if endpoint.success == HTTPStatus.NO_CONTENT:
        return Response(status=HTTPStatus.NO_CONTENT)
    response = jsonify(done)
    response.status_code = endpoint.success
    if endpoint.operation == "create_vm":
        response.headers["Location"] = done["job"]
    return response


def _failure(status: int, error: str, hint: str = "") -> Response:
    response = jsonify({"error": error, "hint": hint})
    response.status_code = status
    return response


def _in_json(error: HTTPException) -> Response:
    """Answer what has no endpoint, and what nobody foresaw: the log has its trace."""
    response = _failure(error.code or 500, f"{error.name}.")
    # Such as “Allow”, which says what the path can do.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response
