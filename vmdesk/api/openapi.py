"""The OpenAPI document, made from the endpoints."""

import re

from vmdesk import __version__
from vmdesk.api.endpoints import ENDPOINTS, Endpoint
from vmdesk.api.jobs import State

Schema = dict[str, object]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}

_REFUSALS = {
    401: "The token is missing or wrong.",
    403: "A web page of another site asked.",
    411: "The body came in chunks.",
    413: "The body is too large.",
    421: "The Host header names another server.",
    431: "The headers are too many or too large.",
}
"""What any request can be answered with before it is looked at closely."""


def document() -> Schema:
    """Return the document: OpenAPI 3.1."""
    paths: dict[str, dict[str, Schema]] = {}
    for endpoint in ENDPOINTS:
        path = re.sub(r"<(\w+)>", r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "vmdesk", "version": __version__},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Error": _object({"error": _TEXT, "hint": _TEXT}, closed=True),
                "Machine": _object({"id": _NUMBER, "name": _TEXT, "state": _NUMBER}, closed=True),
                "Job": _job(),
            },
        },
        "security": [{"token": []}],
    }


def _operation(endpoint: Endpoint) -> Schema:
    responses: dict[str, Schema] = {str(endpoint.success): _success(endpoint)}
    for status, meaning in sorted({**_REFUSALS, **endpoint.failures}.items()):
        responses[str(status)] = _json(meaning, {"$ref": "#/components/schemas/Error"})
    operation: Schema = {
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "responses": responses,
    }
    names = re.findall(r"<(\w+)>", endpoint.path)
    if names:
        schema = {"type": "string", "minLength": 1, "maxLength": 200}
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": schema} for name in names
        ]
    if endpoint.body is not None:
        content = {"application/json": {"schema": endpoint.body.schema()}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.is_upload:
        upload = _object({"file": {"type": "string", "format": "binary"}})
        content = {"multipart/form-data": {"schema": upload}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _success(endpoint: Endpoint) -> Schema:
    if endpoint.success == 204:
        return {"description": "It is done."}
    schemas: dict[str, Schema] = {
        "list_vms": {"type": "array", "items": {"$ref": "#/components/schemas/Machine"}},
        "list_jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
        "get_job": {"$ref": "#/components/schemas/Job"},
        "cancel_job": {"$ref": "#/components/schemas/Job"},
        "create_vm": _object({"job": _TEXT, "name": _TEXT, "uuid": _TEXT}),
        "export_vm": _object({"path": _TEXT, "size": _NUMBER}),
        "export_vm_compressed": _object({"path": _TEXT, "size": _NUMBER}),
    }
    answer = _json("It is done.", schemas.get(endpoint.operation, {"type": "object"}))
    if endpoint.operation == "create_vm":
        answer["description"] = "The creation has begun."
        answer["headers"] = {"Location": {"description": "The job.", "schema": _TEXT}}
    return answer


def _job() -> Schema:
    always: dict[str, Schema] = {
        "id": _TEXT,
        "title": _TEXT,
        "machine": _TEXT,
        "state": {"enum": [state.value for state in State]},
        "done": _NUMBER,
        "total": _NUMBER,
        "text": _TEXT,
    }
    in_the_end = {"result": {"type": "object"}, "error": _TEXT, "hint": _TEXT}
    return _object(always) | {"properties": {**always, **in_the_end}}


def _object(properties: dict[str, Schema], closed: bool = False) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    return schema | {"additionalProperties": False} if closed else schema


def _json(meaning: str, schema: Schema) -> Schema:
    return {"description": meaning, "content": {"application/json": {"schema": schema}}}
