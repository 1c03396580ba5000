"""A Postman collection of the contract: every operation with its example, in an order that runs through.

Format: https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

import json
from typing import Any, Final

from msgspec import Struct

import orders_contract as contract
from orders_contract import examples
from orders_core.models import OrderStatus

Document = dict[str, Any]

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_LOCAL: Final = {
    "base_url": "http://127.0.0.1:8080",
    "email": "staff@example.com",
    "password": "Demo-orders-2026!",
    "customer": "some-customer",
}
_VARIABLES: Final = (
    *("base_url", "cognito_url", "client_id", "email", "password", "api_key"),
    *("id_token", "refresh_token", "order_id", "return_id", "payment_id", "etag", "customer", "webhook_id"),
)
_KEY: Final = [
    'const key = pm.variables.get("api_key");',
    'if (key) pm.request.headers.upsert({ key: "x-api-key", value: key });',
]
_FIND_POOL: Final = [
    "// The embedded host says where its user pool is; for AWS set cognito_url and client_id.",
    'if (!pm.variables.get("client_id")) {',
    '  pm.sendRequest(pm.variables.get("base_url") + "/config.json", (error, response) => {',
    "    const config = response.json();",
    '    pm.collectionVariables.set("cognito_url", config.cognito_url);',
    '    pm.collectionVariables.set("client_id", config.client_id);',
    "  });",
    "}",
]
_KEEP_TOKENS: Final = [
    'pm.test("signs in", () => pm.response.to.have.status(200));',
    "const result = pm.response.json().AuthenticationResult;",
    'pm.collectionVariables.set("id_token", result.IdToken);',
    'if (result.RefreshToken) pm.collectionVariables.set("refresh_token", result.RefreshToken);',
]
_KEEP_ORDER: Final = (
    'pm.collectionVariables.set("order_id", body.order_id);',
    'pm.collectionVariables.set("etag", pm.response.headers.get("ETag"));',
)
_KEEP_PAYMENT: Final = ('pm.collectionVariables.set("payment_id", body.payments[0].payment_id);',)
_KEEP_RETURN: Final = ('pm.collectionVariables.set("return_id", body.returns[0].return_id);',)

_KEEP_WEBHOOK: Final = ('pm.collectionVariables.set("webhook_id", body.webhook.webhook_id);',)


class Step(Struct, frozen=True):
    """A request of the collection: an operation with its example, or with what stands here instead.

    `keep` are lines of script that remember something of the answer for the requests that follow.
    `status` is a problem's, where the request shows one.
    """

    operation: str
    title: str = ""
    body: object = None
    keep: tuple[str, ...] = ()
    status: int | None = None
    signed_in: bool = True


def _move(status: OrderStatus) -> Step:
    body = examples.ORDER_INPUT | {"status": status}
    return Step("replace_order", f"Move it to {status}", body, _KEEP_ORDER)


_FOLDERS: Final = {
    "Orders": (
        Step("create_order", keep=_KEEP_ORDER),
        Step("create_orders"),
        Step("list_orders"),
        Step("get_order", keep=_KEEP_ORDER),
        Step("change_order", keep=_KEEP_ORDER),
        Step("replace_order", keep=_KEEP_ORDER),
        Step("delete_order"),
    ),
    "Events": (Step("list_order_events"),),
    "Payments": (
        Step("create_order", "Place an order to be paid", keep=_KEEP_ORDER),
        Step("record_payment", keep=(*_KEEP_ORDER, *_KEEP_PAYMENT)),
        Step("move_payment", keep=_KEEP_ORDER),
    ),
    "Shipments": (
        Step("create_order", "Place an order to ship", keep=_KEEP_ORDER),
        _move(OrderStatus.CONFIRMED),
        _move(OrderStatus.PROCESSING),
        Step("record_shipment", keep=_KEEP_ORDER),
    ),
    "Comments": (
        Step("create_order", "Place an order to comment on", keep=_KEEP_ORDER),
        Step("write_comment", keep=_KEEP_ORDER),
    ),
    "Returns": (
        Step("create_order", "Place an order to return goods of", keep=_KEEP_ORDER),
        _move(OrderStatus.CONFIRMED),
        _move(OrderStatus.PROCESSING),
        _move(OrderStatus.SHIPPED),
        _move(OrderStatus.DELIVERED),
        Step("request_return", keep=(*_KEEP_ORDER, *_KEEP_RETURN)),
        Step("move_return", keep=_KEEP_ORDER),
    ),
    "Statistics": (Step("get_statistics"),),
    "Personal data": (Step("export_customer"), Step("erase_customer")),
    "Webhooks": (
        Step("create_webhook", keep=_KEEP_WEBHOOK),
        Step("list_webhooks"),
        Step("get_webhook"),
        Step("change_webhook"),
        Step("rotate_webhook_secret"),
        Step("list_webhook_deliveries"),
        Step("replay_webhook"),
        Step("delete_webhook"),
    ),
    "Export": (Step("export_orders"),),
    "Problems": (
        Step("create_order", "Send an invalid order", {"items": [], "colour": "red"}, status=400),
        Step("list_orders", "Leave the token out", status=401, signed_in=False),
        Step("delete_order", "Delete an order that was delivered", status=409),
    ),
}


def build() -> Document:
    """The collection. Sign in first; the token is kept for all that follows."""
    document = contract.build()
    operations = {
        operation["operationId"]: (method.upper(), path, operation)
        for path, of_path in document["paths"].items()
        for method, operation in of_path.items()
        if method != "parameters"
    }
    folders = [
        {"name": name, "item": [_request(step, *operations[step.operation], document) for step in steps]}
        for name, steps in _FOLDERS.items()
    ]
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": _SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [_variable("token", "{{id_token}}")]},
        "event": [_script("prerequest", _KEY)],
        "variable": [_variable(name, _LOCAL.get(name, "")) for name in _VARIABLES],
        "item": [_sign_in_folder(), *folders],
    }


def environment() -> Document:
    """The environment for `make run`, as a member of staff, who may do all that the collection does."""
    values = [_variable(name, value) | {"enabled": True} for name, value in _LOCAL.items()]
    return {"name": "Orders API, local", "values": values, "_postman_variable_scope": "environment"}


def _sign_in_folder() -> Document:
    password = {"USERNAME": "{{email}}", "PASSWORD": "{{password}}"}
    refresh = {"REFRESH_TOKEN": "{{refresh_token}}"}
    return {
        "name": "Sign in",
        "auth": {"type": "noauth"},
        "item": [
            _initiate_auth("Sign in", "USER_PASSWORD_AUTH", password, [_script("prerequest", _FIND_POOL)]),
            _initiate_auth("Renew the token", "REFRESH_TOKEN_AUTH", refresh, []),
        ],
    }


def _initiate_auth(name: str, flow: str, parameters: dict[str, str], events: list[Document]) -> Document:
    body = {"AuthFlow": flow, "ClientId": "{{client_id}}", "AuthParameters": parameters}
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
    }
    return {
        "name": name,
        "event": [*events, _script("test", _KEEP_TOKENS)],
        "request": {
            "method": "POST",
            "header": [_variable(key, value) for key, value in headers.items()],
            "body": _raw(body),
            "url": {"raw": "{{cognito_url}}/", "host": ["{{cognito_url}}"], "path": [""]},
        },
    }


def _request(step: Step, method: str, path: str, operation: Document, document: Document) -> Document:
    parameters = [_resolve(reference, document) for reference in operation.get("parameters", [])]
    request: Document = {
        "method": method,
        "description": operation["description"],
        "header": [_header(each) for each in parameters if each["in"] == "header"],
        "url": _url(path, [each for each in parameters if each["in"] == "query"]),
    }
    if not step.signed_in:
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        media_type, content = next(iter(operation["requestBody"]["content"].items()))
        request["header"].append(_variable("Content-Type", media_type))
        request["body"] = _raw(step.body or content["example"])
    tests = _problem_tests(step.status) if step.status else _success_tests(operation, document)
    return {
        "name": step.title or operation["summary"],
        "event": [_script("test", [*tests, *step.keep])],
        "request": request,
    }


_HEADERS: Final[dict[str, str]] = {"Idempotency-Key": "{{$guid}}", "If-Match": "{{etag}}"}
"""The headers that are sent; others are there to be switched on."""


def _header(parameter: Document) -> Document:
    name = parameter["name"]
    header = _variable(name, _HEADERS.get(name, str(parameter.get("example", ""))))
    return header | {"description": parameter["description"], "disabled": name not in _HEADERS}


def _url(path: str, query: list[Document]) -> Document:
    parts = [f":{part[1:-1]}" if part.startswith("{") else part for part in path.strip("/").split("/")]
    names = [part[1:] for part in parts if part.startswith(":")]
    url: Document = {
        "raw": "/".join(["{{base_url}}", *parts]),
        "host": ["{{base_url}}"],
        "path": parts,
    }
    if names:
        url["variable"] = [_variable(name, f"{{{{{name}}}}}") for name in names]
    if query:
        url["query"] = [
            _variable(each["name"], str(each["schema"].get("default", "")))
            | {"description": each["description"], "disabled": True}
            for each in query
        ]
    return url


def _success_tests(operation: Document, document: Document) -> list[str]:
    status, response = next(item for item in operation["responses"].items() if item[0].startswith("2"))
    tests = [f'pm.test("answers {status}", () => pm.response.to.have.status({status}));']
    if "application/json" not in response.get("content", ()):
        return tests
    schema = response["content"]["application/json"]["schema"]
    return [
        *tests,
        "const body = pm.response.json();",
        *_shape_test(schema["$ref"].rpartition("/")[2], _resolve(schema, document)),
    ]


def _problem_tests(status: int) -> list[str]:
    return [
        f'pm.test("answers {status}", () => pm.response.to.have.status({status}));',
        "const body = pm.response.json();",
        'pm.test("says why", () => pm.expect(body).to.include.keys("type", "title", "detail"));',
    ]


def _shape_test(name: str, schema: Document) -> list[str]:
    shape = {
        "type": "object",
        "required": schema["required"],
        "properties": {name: _type_of(member) for name, member in schema["properties"].items()},
    }
    article = "an" if name[0] in "AEIOU" else "a"
    return [
        f"const shape = {json.dumps(shape)};",
        f'pm.test("is {article} {name}", () => pm.response.to.have.jsonSchema(shape));',
    ]


def _type_of(member: Document) -> Document:
    """The JSON type of a member; what a reference leads to is left open."""
    if "type" not in member:
        return {}
    return {"type": [member["type"], "null"] if member.get("nullable") else member["type"]}


def _resolve(reference: Document, document: Document) -> Document:
    _, _, section, name = reference["$ref"].split("/")
    target: Document = document["components"][section][name]
    return target


def _script(listen: str, lines: list[str]) -> Document:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def _raw(body: object) -> Document:
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}


def _variable(key: str, value: str) -> Document:
    return {"key": key, "value": value}
