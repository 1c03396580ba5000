"""The part of the contract that API Gateway can import, with its extensions.

A template: ${title}, ${region}, ${lambda_invoke_arn}, ${user_pool_arn} and ${cors_allow_origin} are filled
in by the deployment. Bodies have no models: API Gateway's validator stops at the first fault, the function
names all of them.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import orders_contract as contract
from orders_contract.catalogue import PARAMETERS
from orders_core import problems
from orders_core.problems import CONTENT_TYPE, Problem
from orders_core.proxy import common_headers, preflight_headers

Document = dict[str, Any]

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_REQUEST_ID: Final = "$context.requestId"
_CORS_ORIGIN: Final = "${cors_allow_origin}"
_CACHED: Final = "get_order"
# The token is part of the key, so that no caller gets what was cached for another.
_CACHE_KEY: Final = [
    "method.request.path.order_id",
    "method.request.header.Authorization",
    "method.request.header.If-None-Match",
]
_TOKEN: Final = {"name": "Authorization", "in": "header", "schema": {"type": "string"}}
_FORBIDDEN: Final = Problem(problems.FORBIDDEN, "The request was refused before it reached the API.")
_BAD_REQUEST: Final = Problem(problems.BAD_REQUEST, "The request can't be understood.")
_UNSUPPORTED: Final = Problem(problems.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json.")

GATEWAY_RESPONSES: Final[Mapping[str, Problem]] = {
    "UNAUTHORIZED": problems.unauthorized(),
    "EXPIRED_TOKEN": problems.token_expired(),
    "INVALID_API_KEY": problems.invalid_api_key(),
    "ACCESS_DENIED": _FORBIDDEN,
    "WAF_FILTERED": _FORBIDDEN,
    "THROTTLED": problems.throttled(),
    "QUOTA_EXCEEDED": problems.quota_exceeded(),
    # What API Gateway says of a path that it does not know.
    "MISSING_AUTHENTICATION_TOKEN": problems.no_such_resource(),
    "RESOURCE_NOT_FOUND": problems.no_such_resource(),
    "REQUEST_TOO_LARGE": problems.payload_too_large(),
    "UNSUPPORTED_MEDIA_TYPE": _UNSUPPORTED,
    "BAD_REQUEST_PARAMETERS": _BAD_REQUEST,
    "BAD_REQUEST_BODY": _BAD_REQUEST,
    "INTEGRATION_FAILURE": problems.service_unavailable(),
    "INTEGRATION_TIMEOUT": problems.service_unavailable(),
    "DEFAULT_4XX": _BAD_REQUEST,
    "DEFAULT_5XX": problems.internal_error(),
}
"""The problem that each of API Gateway's own answers becomes."""

EXAMPLE_VALUES: Final[Mapping[str, str]] = {
    "title": "orders-api-dev",
    "region": "eu-west-1",
    "lambda_invoke_arn": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:eu-west-1:123456789012:function:orders-api-dev-api:live/invocations",
    "user_pool_arn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI",
    "cors_allow_origin": "https://console.example.com",
}
"""Values as a deployment fills them in."""


def build() -> Document:
    """The template, as a JSON document."""
    whole = contract.build()
    return {
        "openapi": whole["openapi"],
        "info": {"title": "${title}", "version": whole["info"]["version"]},
        "paths": {resource: _path(path) for resource, path in whole["paths"].items()},
        "components": {
            "securitySchemes": {
                "bearerAuth": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "cognito_user_pools",
                    "x-amazon-apigateway-authorizer": {
                        "type": "cognito_user_pools",
                        "providerARNs": ["${user_pool_arn}"],
                    },
                },
                "apiKey": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            }
        },
        "x-amazon-apigateway-api-key-source": "HEADER",
        "x-amazon-apigateway-request-validators": {
            "parameters": {"validateRequestBody": False, "validateRequestParameters": True}
        },
        "x-amazon-apigateway-request-validator": "parameters",
        "x-amazon-apigateway-gateway-responses": {
            kind: _gateway_response(problem) for kind, problem in GATEWAY_RESPONSES.items()
        },
    }


def fill(template: Document, values: Mapping[str, str]) -> Document:
    """The template with its placeholders filled in."""
    text = json.dumps(template)
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", json.dumps(value)[1:-1])
    document: Document = json.loads(text)
    return document


def _path(path: Document) -> Document:
    methods = [method for method in _METHODS if method in path]
    allowed = [*sorted(method.upper() for method in methods), "OPTIONS"]
    of_path = _parameters(path.get("parameters", []))
    return {
        **{method: _operation(path[method], path.get("parameters", [])) for method in methods},
        "options": of_path | _preflight(allowed),
        "x-amazon-apigateway-any-method": of_path
        | _refusal(problems.method_not_allowed("$context.httpMethod", allowed)),
    }


def _operation(operation: Document, of_path: list[Document]) -> Document:
    described = _parameters([*of_path, *operation.get("parameters", [])])
    cached = operation["operationId"] == _CACHED
    if cached:
        described["parameters"].append(_TOKEN)
    return {
        "operationId": operation["operationId"],
        **described,
        # API Gateway asks for both. In OpenAPI's own terms these would be alternatives.
        "security": [{"bearerAuth": []}, {"apiKey": []}],
        "responses": {"default": {"description": "See the contract."}},
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": "${lambda_invoke_arn}",
            "passthroughBehavior": "when_no_match",
            "timeoutInMillis": 29_000,
            **({"cacheKeyParameters": _CACHE_KEY} if cached else {}),
        },
    }


def _parameters(references: list[Document]) -> Document:
    parameters = [_parameter(reference["$ref"].rpartition("/")[2]) for reference in references]
    return {"parameters": parameters} if parameters else {}


def _parameter(name: str) -> Document:
    parameter = PARAMETERS[name]
    kept = {key: parameter[key] for key in ("name", "in", "required") if key in parameter}
    return kept | {"schema": {"type": "string"}}


def _preflight(allowed: list[str]) -> Document:
    return _mock(204, preflight_headers(_CORS_ORIGIN, allowed), "")


def _refusal(problem: Problem) -> Document:
    headers = common_headers(_CORS_ORIGIN) | {"Content-Type": CONTENT_TYPE} | dict(problem.headers)
    return _mock(problem.kind.status, headers, problem.document(_REQUEST_ID).decode())


def _mock(status: int, headers: Mapping[str, str], body: str) -> Document:
    return {
        "responses": {
            str(status): {
                "description": "Answered by API Gateway itself.",
                "headers": {name: {"schema": {"type": "string"}} for name in headers},
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": f'{{"statusCode": {status}}}'},
            "passthroughBehavior": "when_no_templates",
            "responses": {
                "default": {
                    "statusCode": str(status),
                    "responseParameters": {
                        f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()
                    },
                    "responseTemplates": {"application/json": body},
                }
            },
        },
    }


def _gateway_response(problem: Problem) -> Document:
    headers = common_headers(_CORS_ORIGIN) | {"Content-Type": CONTENT_TYPE} | dict(problem.headers)
    return {
        "statusCode": problem.kind.status,
        "responseParameters": {
            f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()
        },
        "responseTemplates": {"application/json": problem.document(_REQUEST_ID).decode()},
    }
