"""The checker of API Gateway's import: finds each planted fault, and passes what AWS imports."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from tests.contract_import.samples import INVOCATION, SAMPLES, SERVICE, TEMPLATES

from orders_cli.contract import openapi
from orders_contract import gateway_profile
from orders_contract.gateway_import import RULES, check

Document = dict[str, Any]
Plant = Callable[[Document], object]

OWN = gateway_profile.fill(gateway_profile.build(), gateway_profile.EXAMPLE_VALUES)
LIST, ORDER = "/v1/orders", "/v1/orders/{order_id}"
EXTENSION = "x-amazon-apigateway-"
MODEL = {"type": "object"}


def listing(document: Document) -> Document:
    """An operation with a proxy behind it."""
    found: Document = document["paths"][LIST]["get"]
    return found


def proxy(document: Document) -> Document:
    found: Document = listing(document)[f"{EXTENSION}integration"]
    return found


def mock(document: Document) -> Document:
    found: Document = document["paths"][LIST]["options"][f"{EXTENSION}integration"]
    return found


def mapped(document: Document) -> Document:
    found: Document = mock(document)["responses"]["default"]
    return found


def pool(document: Document) -> Document:
    found: Document = document["components"]["securitySchemes"]["bearerAuth"]
    return found


def authorizer(document: Document) -> Document:
    found: Document = pool(document)[f"{EXTENSION}authorizer"]
    return found


def answer(document: Document) -> Document:
    found: Document = document[f"{EXTENSION}gateway-responses"]["THROTTLED"]
    return found


def add_path(path: str) -> Plant:
    return lambda document: document["paths"].update({path: copy.deepcopy(document["paths"]["/v1/orders"])})


def add_model(**model: object) -> Plant:
    return lambda document: document["components"].update(schemas={"Order": {**MODEL, **model}})


def add_parameter(**parameter: object) -> Plant:
    return lambda document: listing(document)["parameters"].append(
        {"name": "a", "in": "query", "schema": {"type": "string"}} | parameter
    )


def map_request(target: str, source: str) -> Plant:
    return lambda document: proxy(document).update(requestParameters={target: source})


# By rule, ways to break it, each in a document that is sound otherwise.
PLANTED: dict[str, list[Plant]] = {
    "version": [lambda document: document.update(openapi="3.1.0"), lambda document: document.pop("openapi")],
    "title": [lambda document: document["info"].pop("title")],
    "document-size": [lambda document: document["info"].update(description="x" * 6_000_001)],
    "reference-to-file": [
        lambda document: listing(document).update(requestBody={"$ref": "bodies.yaml#/Order"})
    ],
    "reference-missing": [add_model(properties={"a": {"$ref": "#/components/schemas/Nothing"}})],
    "root-security": [lambda document: document.update(security=[{"bearerAuth": []}])],
    "extension-name": [
        lambda document: document.update({f"{EXTENSION}cors": {}}),
        lambda document: listing(document).update({f"{EXTENSION}integrations": {}}),
    ],
    "api-key-source": [lambda document: document.update({f"{EXTENSION}api-key-source": "header"})],
    "binary-media-types": [
        lambda document: document.update({f"{EXTENSION}binary-media-types": ["image"]}),
        lambda document: document.update({f"{EXTENSION}binary-media-types": "*/*"}),
    ],
    "compression-size": [
        lambda document: document.update({f"{EXTENSION}minimum-compression-size": 10_485_761}),
        lambda document: document.update({f"{EXTENSION}minimum-compression-size": "0"}),
    ],
    "validator-shape": [
        lambda document: document[f"{EXTENSION}request-validators"].update(all={"validateRequestBody": True}),
        lambda document: document[f"{EXTENSION}request-validators"]["parameters"].update(
            validateRequestBody="false"
        ),
    ],
    "validator-missing": [
        lambda document: document.update({f"{EXTENSION}request-validator": "all"}),
        lambda document: listing(document).update({f"{EXTENSION}request-validator": "all"}),
    ],
    "path-segment": [add_path("/v1/orders of today"), add_path("/v1/orders-{day}"), add_path("/v1/a~b")],
    "path-greedy": [add_path("/v2/{rest+}/end")],
    "path-siblings": [add_path("/v1/orders/{id}/things")],
    "path-reserved": [add_path("/ping"), add_path("/sping")],
    "resource-count": [lambda document: [add_path(f"/v1/{number}")(document) for number in range(300)]],
    "path-parameter": [
        add_parameter(**{"in": "path", "name": "order_id", "required": True}),
        lambda document: document["paths"][ORDER]["get"]["parameters"][0].pop("required"),
    ],
    "method": [lambda document: document["paths"][LIST].update(trace={})],
    "integration-missing": [lambda document: listing(document).pop(f"{EXTENSION}integration")],
    "deprecated": [lambda document: listing(document).update(deprecated=True)],
    "parameter-location": [add_parameter(**{"in": "cookie"})],
    "parameter-name": [add_parameter(name="filter[status]")],
    "parameter-attributes": [
        add_parameter(explode=True),
        add_parameter(schema={"type": "string", "enum": ["a"]}),
    ],
    "parameter-repeated": [add_parameter(name="limit")],
    "response-status": [lambda document: listing(document)["responses"].update({"2XX": {}})],
    "response-reference": [
        lambda document: (
            document["components"].update(responses={"Fault": {"description": "A fault"}}),
            listing(document)["responses"].update({"500": {"$ref": "#/components/responses/Fault"}}),
        )
    ],
    "response-primitive": [
        lambda document: listing(document)["responses"]["default"].update(
            content={"text/plain": {"schema": {"type": "string"}}}
        )
    ],
    "model-name": [lambda document: document["components"].update(schemas={"Line_Item": MODEL})],
    "model-size": [add_model(description="x" * 400_001)],
    "schema-keyword": [
        add_model(**{keyword: True})
        for keyword in ("default", "discriminator", "example", "exclusiveMinimum", "nullable", "readOnly")
    ]
    + [add_model(properties={"a": {"items": {"readOnly": True}}}), add_model(oneOf=[{"nullable": True}])],
    "schema-length": [add_model(type="array", maxItems=3), add_model(type="array", minItems=1)],
    "schema-format": [
        add_model(properties={"a": {"type": "number", "format": "int32"}}),
        add_model(properties={"a": {"type": "string", "format": "decimal"}}),
    ],
    "scheme-type": [
        lambda document: document["components"]["securitySchemes"].update(
            basic={"type": "http", "scheme": "basic"}
        )
    ],
    "scheme-key": [
        lambda document: document["components"]["securitySchemes"]["apiKey"].update(name="key"),
        lambda document: document["components"]["securitySchemes"]["apiKey"].update({"in": "query"}),
    ],
    "scheme-authtype": [lambda document: pool(document).update({f"{EXTENSION}authtype": None})],
    "authorizer-type": [lambda document: authorizer(document).update(type="jwt")],
    "authorizer-pools": [
        lambda document: authorizer(document).pop("providerARNs"),
        lambda document: authorizer(document).update(providerARNs=["eu-west-1_AbC"]),
    ],
    "authorizer-uri": [
        lambda document: authorizer(document).update(type="token", authorizerUri="the function")
    ],
    "authorizer-source": [lambda document: authorizer(document).update(identitySource="header.Auth")],
    "authorizer-ttl": [
        lambda document: authorizer(document).update(authorizerResultTtlInSeconds=3601),
        lambda document: authorizer(document).update(authorizerResultTtlInSeconds="300"),
    ],
    "security-missing": [lambda document: listing(document)["security"].append({"nothing": []})],
    "security-together": [
        lambda document: listing(document).update(security=[{"bearerAuth": [], "apiKey": []}])
    ],
    "security-two": [
        lambda document: (
            document["components"]["securitySchemes"].update(other=copy.deepcopy(pool(document))),
            listing(document)["security"].append({"other": []}),
        )
    ],
    "integration-shape": [
        lambda document: proxy(document).update(payloadFormatVersion="2.0"),
        lambda document: proxy(document).update(timeoutInMillis=30_000),
        lambda document: proxy(document).update(timeoutInMillis=49),
        lambda document: proxy(document).update(passthroughBehavior="always"),
        lambda document: proxy(document).update(contentHandling="BASE64"),
        lambda document: proxy(document).update(connectionType="PRIVATE"),
        lambda document: proxy(document).update(requestTemplates={"application/json": {}}),
        lambda document: mock(document).update(httpMethod="post"),
    ],
    "integration-type": [lambda document: mock(document).pop("type")],
    "integration-uri": [
        lambda document: proxy(document).update(uri="arn:aws:lambda:eu-west-1:123456789012:function:a"),
        lambda document: proxy(document).update(type="http_proxy", uri=INVOCATION),
    ],
    "integration-method": [
        lambda document: proxy(document).update(httpMethod="GET"),
        lambda document: proxy(document).pop("httpMethod"),
    ],
    "integration-link": [
        lambda document: proxy(document).update(connectionType="VPC_LINK"),
        lambda document: proxy(document).update(connectionId="abc"),
    ],
    "response-shape": [
        lambda document: mapped(document).update(selectionPattern="2.."),
        lambda document: mapped(document).update(contentHandling="BASE64"),
    ],
    "response-pattern": [lambda document: mock(document)["responses"].update({"(": mapped(document)})],
    "response-undeclared": [
        lambda document: mock(document)["responses"].update({"5..": {"statusCode": 500}})
    ],
    "response-missing": [lambda document: mock(document).pop("responses")],
    "mock-status": [
        lambda document: mock(document)["requestTemplates"].update({"application/json": "{}"}),
        lambda document: mock(document).pop("requestTemplates"),
    ],
    "template-size": [
        lambda document: mapped(document)["responseTemplates"].update({"application/json": "x" * 300_001})
    ],
    "mapping-request": [
        map_request("integration.request.header.a", "request.header.limit"),
        map_request("integration.request.header.a", "a static value"),
        map_request("integration.header.a", "'a'"),
    ],
    "mapping-response": [
        lambda document: mapped(document)["responseParameters"].update(
            {"method.response.header.Vary": "method.request.header.Origin"}
        ),
        lambda document: mapped(document)["responseParameters"].update(
            {"method.response.header.Vary": "Origin"}
        ),
    ],
    "mapping-undeclared": [
        lambda document: proxy(document).update(
            requestParameters={"integration.request.header.a": "method.request.header.a"}
        ),
        lambda document: proxy(document).update(cacheKeyParameters=["method.request.querystring.a"]),
    ],
    "mapping-header": [
        lambda document: mapped(document)["responseParameters"].update(
            {"method.response.header.Other": "'a'"}
        )
    ],
    "mapping-proxy": [
        lambda document: proxy(document).update(
            responses={"default": {"statusCode": 200, "responseTemplates": {"application/json": ""}}}
        )
    ],
    "cache-key": [lambda document: proxy(document).update(cacheKeyParameters=["querystring.limit"])],
    "gateway-response-type": [
        lambda document: document[f"{EXTENSION}gateway-responses"].update(NOT_FOUND={"statusCode": 404})
    ],
    "gateway-response-shape": [
        lambda document: answer(document).update(headers={}),
        lambda document: answer(document).update(statusCode="4XX"),
    ],
    "gateway-response-parameter": [
        lambda document: answer(document)["responseParameters"].update({"header.Retry-After": "'1'"}),
        lambda document: answer(document)["responseParameters"].update(
            {"gatewayresponse.header.Retry-After": "1"}
        ),
    ],
    "gateway-response-template": [
        lambda document: answer(document)["responseTemplates"].update(
            {"application/json": "#set($a = 1)$input.path('$')"}
        )
    ],
}
FAULTS = [
    pytest.param(name, plant, id=f"{name}-{number}")
    for name, plants in PLANTED.items()
    for number, plant in enumerate(plants)
]


def test_api_gateway_imports_the_contract() -> None:
    assert check(OWN) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_what_aws_imports_is_passed(name: str) -> None:
    assert [str(fault) for fault in check(SAMPLES[name])] == []


@pytest.mark.parametrize(("name", "plant"), FAULTS)
def test_a_planted_fault_is_found_and_no_other(name: str, plant: Plant) -> None:
    document = copy.deepcopy(OWN)
    plant(document)
    assert {fault.rule.name for fault in check(document)} == {name}


def test_every_rule_has_a_planted_fault_and_a_page_of_aws() -> None:
    assert [rule.name for rule in RULES] == list(PLANTED)
    assert all(rule.page.startswith("https://docs.aws.amazon.com/apigateway/") for rule in RULES)


def test_a_fault_says_where_it_is_what_is_wrong_and_who_says_so() -> None:
    document = copy.deepcopy(OWN)
    document["paths"][LIST]["trace"] = {}
    (fault,) = check(document)
    assert str(fault) == (
        "/paths/~1v1~1orders/trace: trace is no method of a resource. "
        "Methods are DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT and any. (https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html)"
    )


@pytest.mark.parametrize("sample", [SERVICE, TEMPLATES])
def test_faults_are_found_in_documents_of_others_too(sample: Document) -> None:
    document = copy.deepcopy(sample)
    for item in document["paths"].values():
        for operation in item.values():
            operation["parameters"] = []
    assert "mapping-undeclared" in {fault.rule.name for fault in check(document)}


def test_the_command_prints_no_document_that_would_not_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    template = gateway_profile.build()
    template["paths"]["/v1/orders of today"] = template["paths"][LIST]
    monkeypatch.setattr(gateway_profile, "build", lambda: template)
    done = CliRunner().invoke(openapi, ["--profile", "gateway"])
    assert done.exit_code == 2
    assert "API Gateway would not import it as it is." in done.output
    assert "/paths/~1v1~1orders of today" in done.output
