"""What a rule of API Gateway's import is, and the pages of AWS's guide that the rules come from."""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

# OpenAPI documents are JSON of any shape.
Document = dict[str, Any]

# A JSON pointer, and what is wrong there, in a sentence.
Found = Iterator[tuple[str, str]]

_GUIDE: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
API_KEY_SOURCE: Final = f"{_GUIDE}api-gateway-swagger-extensions-api-key-source.html"
AUTHORIZER: Final = f"{_GUIDE}api-gateway-swagger-extensions-authorizer.html"
AUTHTYPE: Final = f"{_GUIDE}api-gateway-swagger-extensions-authtype.html"
BINARY_MEDIA_TYPES: Final = f"{_GUIDE}api-gateway-swagger-extensions-binary-media-types.html"
COMPRESSION: Final = f"{_GUIDE}api-gateway-openapi-minimum-compression-size.html"
EXTENSIONS: Final = f"{_GUIDE}api-gateway-swagger-extensions.html"
GATEWAY_RESPONSE: Final = f"{_GUIDE}api-gateway-swagger-extensions-gateway-responses.gatewayResponse.html"
GATEWAY_RESPONSE_TYPES: Final = f"{_GUIDE}supported-gateway-response-types.html"
IMPORT: Final = f"{_GUIDE}api-gateway-import-api.html"
INTEGRATION: Final = f"{_GUIDE}api-gateway-swagger-extensions-integration.html"
MAPPING: Final = f"{_GUIDE}rest-api-parameter-mapping-sources.html"
METHOD: Final = "https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html"
MOCK: Final = f"{_GUIDE}how-to-mock-integration.html"
NOTES: Final = f"{_GUIDE}api-gateway-known-issues.html"
PROXY: Final = f"{_GUIDE}api-gateway-set-up-simple-proxy.html"
RESOURCE: Final = "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html"
QUOTAS: Final = f"{_GUIDE}api-gateway-execution-service-limits-table.html"
RESPONSES: Final = f"{_GUIDE}api-gateway-swagger-extensions-integration-responses.html"
VALIDATORS: Final = f"{_GUIDE}api-gateway-swagger-extensions-request-validators.html"


class Rule(NamedTuple):
    """One documented rule: its name, where and what AWS says, and how to find what breaks it."""

    name: str
    page: str
    says: str
    find: Callable[[Document], Found]
