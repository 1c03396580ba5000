"""What API Gateway answers by itself: its templates rendered by a real engine, for each type of content."""

import json
from typing import Any

import pytest
from tests.contract_import.vtl import render

from orders_contract import gateway_profile
from orders_core import problems

DOCUMENT = gateway_profile.fill(gateway_profile.build(), gateway_profile.EXAMPLE_VALUES)
INTEGRATION = "x-amazon-apigateway-integration"
CONTEXT = {"requestId": "7a1f0c1e-0000-4000-8000-00000000000b", "httpMethod": "DELETE"}
MOCKS = {
    f"{method} {path}": item[method][INTEGRATION]
    for path, item in DOCUMENT["paths"].items()
    for method in ("options", "x-amazon-apigateway-any-method")
}
GATEWAY_RESPONSES = DOCUMENT["x-amazon-apigateway-gateway-responses"]
JSON = "application/json"

every_mock = pytest.mark.parametrize("mock", MOCKS.values(), ids=list(MOCKS))


def status_of(mock: dict[str, Any], content_type: str | None) -> int:
    """The status of a mock's answer to a request with this content.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
    """
    template = mock["requestTemplates"].get(content_type or JSON)
    if template is None:
        assert mock["passthroughBehavior"] == "when_no_templates"
        refused: int = GATEWAY_RESPONSES["UNSUPPORTED_MEDIA_TYPE"]["statusCode"]
        return refused
    (rendered,) = render([template], {"context": CONTEXT})
    status: int = json.loads(rendered)["statusCode"]
    (answer,) = mock["responses"].values()
    assert answer["statusCode"] == str(status)
    return status


@every_mock
def test_a_mock_answers_with_its_status_whatever_is_sent_as_json_or_without_a_type(
    mock: dict[str, Any],
) -> None:
    (answer,) = mock["responses"].values()
    assert {status_of(mock, content_type) for content_type in (None, JSON)} == {int(answer["statusCode"])}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data",
    ],
)
@every_mock
def test_a_mock_never_reads_a_status_from_content_of_another_type(
    mock: dict[str, Any], content_type: str
) -> None:
    assert status_of(mock, content_type) == 415


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_a_method_that_is_not_there_is_refused_with_a_problem(path: str) -> None:
    mock = DOCUMENT["paths"][path]["x-amazon-apigateway-any-method"][INTEGRATION]
    (answer,) = mock["responses"].values()
    (body,) = render([answer["responseTemplates"][JSON]], {"context": CONTEXT})
    problem = json.loads(body)
    assert (problem["status"], problem["request_id"]) == (405, CONTEXT["requestId"])
    assert problem["instance"] == f"urn:uuid:{CONTEXT['requestId']}"
    assert problem["detail"].startswith("DELETE is not one of ")
    assert "$" not in body
    assert answer["responseParameters"]["method.response.header.Content-Type"] == f"'{problems.CONTENT_TYPE}'"


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_a_preflight_has_no_body(path: str) -> None:
    (answer,) = DOCUMENT["paths"][path]["options"][INTEGRATION]["responses"].values()
    assert render([answer["responseTemplates"][JSON]], {"context": CONTEXT}) == [""]


def test_a_gateway_response_is_the_same_with_and_without_an_engine() -> None:
    """API Gateway replaces variables only, so a character that means something to VTL must not be in one."""
    templates = [response["responseTemplates"][JSON] for response in GATEWAY_RESPONSES.values()]
    replaced = [template.replace("$context.requestId", CONTEXT["requestId"]) for template in templates]
    assert render(templates, {"context": CONTEXT}) == replaced
    assert all(json.loads(body)["request_id"] == CONTEXT["requestId"] for body in replaced)


@pytest.mark.parametrize("operation", [item["get"] for item in DOCUMENT["paths"].values() if "get" in item])
def test_the_function_gets_every_type_of_content_as_it_was_sent(operation: dict[str, Any]) -> None:
    integration = operation[INTEGRATION]
    assert (integration["type"], "requestTemplates" in integration) == ("aws_proxy", False)
    assert "x-amazon-apigateway-binary-media-types" not in DOCUMENT
