"""The contract: openapi.yaml is what the code says, valid, complete, and importable by API Gateway."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from tests.api import STAFF, Api
from tests.conformance import DOCUMENT, resolved, validator

import orders_contract as contract
from orders_contract import gateway_profile
from orders_core import parameter_table, problems
from orders_core.application import ROUTES
from orders_core.models import OrderStatus, ReturnStatus
from orders_core.money import MINOR_DIGITS
from orders_host.contract_text import as_yaml
from orders_host.sqlite import SqliteOrderRepository

ROOT = Path(__file__).parents[2]
GATEWAY = gateway_profile.build()
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (method, resource) for resource, path in DOCUMENT["paths"].items() for method in METHODS if method in path
]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
GATEWAY_RESPONSES = {
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
}
PLACEHOLDERS = {"title", "region", "lambda_invoke_arn", "user_pool_arn", "cors_allow_origin"}


def operation(method: str, resource: str) -> dict[str, Any]:
    return dict(DOCUMENT["paths"][resource][method])


def media(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from described.get("content", {}).items()


def examples(content: dict[str, Any]) -> list[Any]:
    several = [example["value"] for example in content.get("examples", {}).values()]
    return several or [content["example"]]


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for element in node:
            yield from references(element)


class TestTheContract:
    def test_the_committed_file_is_what_the_code_says(self) -> None:
        assert (ROOT / "openapi.yaml").read_text() == as_yaml(contract.build()), (
            "run `orders openapi --output openapi.yaml`"
        )

    def test_it_is_valid_openapi_3_0_3(self) -> None:
        assert DOCUMENT["openapi"] == "3.0.3"
        validate(DOCUMENT)

    def test_its_operations_are_the_route_table(self) -> None:
        assert {(method.upper(), resource) for method, resource in OPERATIONS} == set(ROUTES)
        names = [operation(*each)["operationId"] for each in OPERATIONS]
        assert names == [ROUTES[method.upper(), resource].__name__ for method, resource in OPERATIONS]
        assert len(set(names)) == len(names)

    def test_every_reference_leads_somewhere_and_every_component_is_used(self) -> None:
        used = set(references(DOCUMENT))
        for reference in used:
            assert resolved({"$ref": reference}), reference
        there = {
            f"#/components/{section}/{name}"
            for section in ("schemas", "parameters", "headers")
            for name in DOCUMENT["components"][section]
        }
        assert there - used == set()

    @pytest.mark.parametrize(("method", "resource"), OPERATIONS)
    def test_an_operation_is_described_for_people(self, method: str, resource: str) -> None:
        described = operation(method, resource)
        assert described["summary"]
        assert described["description"]
        for parameter in DOCUMENT["components"]["parameters"].values():
            assert parameter["description"]

    @pytest.mark.parametrize(("method", "resource"), OPERATIONS)
    def test_an_operation_tells_every_fault_that_any_has(self, method: str, resource: str) -> None:
        described = operation(method, resource)
        always = {"400", "401", "403", "429", "500", "503"}
        with_body = {"413", "415"} if "requestBody" in described else set()
        assert always | with_body <= described["responses"].keys()
        if "If-Match" in str(described.get("parameters")):
            assert {"404", "409", "412"} <= described["responses"].keys()

    @pytest.mark.parametrize(("method", "resource"), OPERATIONS)
    def test_path_parameters_are_declared(self, method: str, resource: str) -> None:
        path = DOCUMENT["paths"][resource]
        declared = {resolved(parameter)["name"] for parameter in path.get("parameters", [])}
        assert declared == set(re.findall(r"{(\w+)}", resource))

    @pytest.mark.parametrize(("method", "resource"), OPERATIONS)
    def test_the_query_parameters_of_an_operation_are_those_it_reads(
        self, method: str, resource: str, tmp_path: Path
    ) -> None:
        declared = [resolved(parameter) for parameter in operation(method, resource).get("parameters", [])]
        names = [parameter["name"] for parameter in declared if parameter["in"] == "query"]
        store = SqliteOrderRepository(tmp_path / "orders.db")
        path = re.sub(r"{\w+}", "0f8fad5b-d9cb-469f-a165-70867728950e", resource)
        answer = Api(store).send(method.upper(), path, query={"unknown": "1"}, caller=STAFF)
        store.close()
        (fault,) = answer.expect(400)["errors"]
        assert fault["detail"] == f"is not known here; known are: {', '.join(names) or 'none'}"

    @pytest.mark.parametrize(("method", "resource"), OPERATIONS)
    def test_every_example_is_valid(self, method: str, resource: str) -> None:
        described = operation(method, resource)
        bodies = [described["requestBody"]] if "requestBody" in described else []
        for each in [*bodies, *map(resolved, described["responses"].values())]:
            for media_type, content in media(each):
                for example in examples(content):
                    if media_type == "text/csv":
                        assert example.startswith("order_id,")
                    elif media_type == "application/x-ndjson":
                        validator("#/components/schemas/Order").validate(json.loads(example))
                    else:
                        validator(content["schema"]["$ref"]).validate(example)

    @pytest.mark.parametrize(("method", "resource"), OPERATIONS)
    def test_an_answer_says_what_it_is(self, method: str, resource: str) -> None:
        for status, response in operation(method, resource)["responses"].items():
            types = [name for name, _ in media(resolved(response))]
            if int(status) >= 400:
                assert types == [problems.CONTENT_TYPE]
            elif resource == "/v1/orders/export":
                assert types == [*parameter_table.FORMATS.values()]
            else:
                assert types == ([] if status in ("204", "304") else ["application/json"])

    def test_every_parameters_example_is_valid(self) -> None:
        for parameter in DOCUMENT["components"]["parameters"].values():
            if "example" in parameter:
                schema = {**parameter["schema"], "components": DOCUMENT["components"]}
                type(validator("#/components/schemas/Order"))(schema).validate(parameter["example"])

    def test_the_words_of_the_domain_are_all_there(self) -> None:
        schemas = DOCUMENT["components"]["schemas"]
        assert schemas["OrderStatus"]["enum"] == list(OrderStatus)
        assert schemas["ReturnStatus"]["enum"] == list(ReturnStatus)
        assert schemas["Currency"]["enum"] == sorted(MINOR_DIGITS)

    def test_every_kind_of_problem_has_an_example(self) -> None:
        used = {reference.rpartition("/")[2] for reference in references(DOCUMENT["paths"])}
        text = json.dumps(DOCUMENT)
        for kind in problems.KINDS:
            assert problems.TYPE_BASE + kind.slug in text
        assert "ProblemDetails" in used

    def test_nothing_in_it_is_beyond_openapi_3_0(self) -> None:
        """Words of JSON Schema that came with 3.1."""
        text = json.dumps(DOCUMENT["components"]["schemas"])
        for word in (
            "const",
            "$defs",
            "prefixItems",
            "propertyNames",
            "exclusiveMinimum",
            "patternProperties",
        ):
            assert f'"{word}"' not in text
        assert '"type": "null"' not in text


class TestTheGatewayProfile:
    def test_it_has_the_paths_of_the_contract(self) -> None:
        assert GATEWAY["paths"].keys() == DOCUMENT["paths"].keys()
        validate({**GATEWAY, "info": {"title": "T", "version": "1"}})

    @pytest.mark.parametrize("resource", GATEWAY["paths"])
    def test_each_path_has_its_operations_a_preflight_and_a_refusal(self, resource: str) -> None:
        methods = [method for method in METHODS if method in DOCUMENT["paths"][resource]]
        assert GATEWAY["paths"][resource].keys() == {*methods, "options", "x-amazon-apigateway-any-method"}

    @pytest.mark.parametrize(("method", "resource"), OPERATIONS)
    def test_an_operation_goes_to_the_function_for_signed_in_callers_with_a_key(
        self, method: str, resource: str
    ) -> None:
        described = GATEWAY["paths"][resource][method]
        integration = described["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        assert integration["uri"] == "${lambda_invoke_arn}"
        assert integration["timeoutInMillis"] <= 29_000
        assert described["security"] == [{"bearerAuth": []}, {"apiKey": []}]
        assert described["operationId"] == operation(method, resource)["operationId"]

    @pytest.mark.parametrize("resource", GATEWAY["paths"])
    def test_a_preflight_needs_nobody_and_names_the_methods(self, resource: str) -> None:
        preflight = GATEWAY["paths"][resource]["options"]
        assert "security" not in preflight
        (answer,) = preflight["x-amazon-apigateway-integration"]["responses"].values()
        parameters = answer["responseParameters"]
        allowed = parameters["method.response.header.Access-Control-Allow-Methods"].strip("'")
        methods = {method.upper() for method in METHODS if method in DOCUMENT["paths"][resource]}
        assert set(allowed.split(", ")) == methods | {"OPTIONS"}
        assert answer["statusCode"] == "204"
        assert parameters["method.response.header.Access-Control-Allow-Origin"] == "'${cors_allow_origin}'"

    @pytest.mark.parametrize("resource", GATEWAY["paths"])
    def test_other_methods_are_refused_with_those_that_are_there(self, resource: str) -> None:
        refusal = GATEWAY["paths"][resource]["x-amazon-apigateway-any-method"]
        (answer,) = refusal["x-amazon-apigateway-integration"]["responses"].values()
        document = json.loads(answer["responseTemplates"]["application/json"])
        validator("#/components/schemas/ProblemDetails").validate(document)
        assert (answer["statusCode"], document["status"]) == ("405", 405)
        allow = answer["responseParameters"]["method.response.header.Allow"].strip("'")
        methods = {method.upper() for method in METHODS if method in DOCUMENT["paths"][resource]}
        assert set(allow.split(", ")) == methods | {"OPTIONS"}

    @pytest.mark.parametrize("kind", GATEWAY["x-amazon-apigateway-gateway-responses"])
    def test_what_the_gateway_says_itself_is_a_problem_that_browsers_may_read(self, kind: str) -> None:
        assert kind in GATEWAY_RESPONSES
        answer = GATEWAY["x-amazon-apigateway-gateway-responses"][kind]
        document = json.loads(answer["responseTemplates"]["application/json"])
        validator("#/components/schemas/ProblemDetails").validate(document)
        assert document["status"] == answer["statusCode"]
        assert document["request_id"] == "$context.requestId"
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'${cors_allow_origin}'"
        assert headers["gatewayresponse.header.Content-Type"] == f"'{problems.CONTENT_TYPE}'"
        if answer["statusCode"] in (429, 503):
            assert "gatewayresponse.header.Retry-After" in headers

    def test_the_defaults_cover_the_rest(self) -> None:
        assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= GATEWAY["x-amazon-apigateway-gateway-responses"].keys()

    def test_the_authorizer_is_cognitos_and_the_key_comes_in_a_header(self) -> None:
        schemes = GATEWAY["components"]["securitySchemes"]
        assert schemes["bearerAuth"]["x-amazon-apigateway-authtype"] == "cognito_user_pools"
        authorizer = schemes["bearerAuth"]["x-amazon-apigateway-authorizer"]
        assert authorizer == {"type": "cognito_user_pools", "providerARNs": ["${user_pool_arn}"]}
        assert schemes["apiKey"] == {"type": "apiKey", "name": "x-api-key", "in": "header"}
        assert GATEWAY["x-amazon-apigateway-api-key-source"] == "HEADER"

    def test_parameters_are_validated_and_bodies_left_to_the_function(self) -> None:
        (name,) = GATEWAY["x-amazon-apigateway-request-validators"]
        assert GATEWAY["x-amazon-apigateway-request-validator"] == name
        validators = GATEWAY["x-amazon-apigateway-request-validators"]
        assert validators[name] == {"validateRequestBody": False, "validateRequestParameters": True}
        assert "models" not in json.dumps(GATEWAY)
        assert "schemas" not in GATEWAY["components"]

    def test_the_deployment_fills_in_all_that_is_left_open(self) -> None:
        text = json.dumps(GATEWAY)
        assert set(re.findall(r"\$\{(\w+)\}", text)) <= PLACEHOLDERS
        # What API Gateway fills in must survive Terraform's templatefile.
        assert "%{" not in text
        variables = (ROOT / "infra" / "main.tf").read_text()
        for name in set(re.findall(r"\$\{(\w+)\}", text)):
            assert name in variables
