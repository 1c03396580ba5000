"""Documents in the manner of those that AWS's guide shows for REST APIs: each imports as it is."""

from typing import Any, Final

Document = dict[str, Any]

_FUNCTION: Final = "arn:aws:lambda:eu-west-1:123456789012:function:Sample"
INVOCATION: Final = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{_FUNCTION}/invocations"
ROLE: Final = "arn:aws:iam::123456789012:role/Sample"


def _api(paths: Document, **more: object) -> Document:
    return {"openapi": "3.0.1", "info": {"title": "Sample", "version": "1.0"}, "paths": paths, **more}


def _parameter(location: str, name: str, **more: object) -> Document:
    return {"name": name, "in": location, "schema": {"type": "string"}, **more}


# Everything goes to one function.
LAMBDA_PROXY: Final = _api(
    {
        "/{proxy+}": {
            "x-amazon-apigateway-any-method": {
                "parameters": [_parameter("path", "proxy", required=True)],
                "responses": {},
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy",
                    "httpMethod": "POST",
                    "uri": INVOCATION,
                    "passthroughBehavior": "when_no_match",
                    "contentHandling": "CONVERT_TO_TEXT",
                },
            }
        }
    },
    **{"x-amazon-apigateway-binary-media-types": ["image/png", "*/*"]},
)

# A service of AWS, with parameters mapped both ways and models.
SERVICE: Final = _api(
    {
        "/": {
            "get": {
                "responses": {
                    "200": {
                        "description": "Found",
                        "headers": {
                            "Content-Type": {"schema": {"type": "string"}},
                            "Timestamp": {"schema": {"type": "string"}},
                        },
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Empty"}}},
                    },
                    "400": {"description": "Not understood"},
                },
                "security": [{"sigv4": []}],
                "x-amazon-apigateway-integration": {
                    "type": "aws",
                    "uri": "arn:aws:apigateway:eu-west-1:s3:path//",
                    "credentials": ROLE,
                    "httpMethod": "GET",
                    "passthroughBehavior": "when_no_match",
                    "responses": {
                        "4\\d{2}": {"statusCode": "400"},
                        "default": {
                            "statusCode": "200",
                            "responseParameters": {
                                "method.response.header.Content-Type": "integration.response.header.Kind",
                                "method.response.header.Timestamp": "integration.response.header.Date",
                            },
                        },
                    },
                },
            }
        },
        "/{folder}/{item}": {
            "put": {
                "parameters": [
                    _parameter("path", "folder", required=True),
                    _parameter("path", "item", required=True),
                    _parameter("header", "Content-Type"),
                ],
                "responses": {"200": {"description": "Kept"}},
                "x-amazon-apigateway-integration": {
                    "type": "aws",
                    "uri": "arn:aws:apigateway:eu-west-1:s3:path/{bucket}/{object}",
                    "credentials": ROLE,
                    "httpMethod": "PUT",
                    "requestParameters": {
                        "integration.request.path.bucket": "method.request.path.folder",
                        "integration.request.path.object": "method.request.path.item",
                        "integration.request.header.x-amz-acl": "'authenticated-read'",
                        "integration.request.header.Content-Type": "method.request.header.Content-Type",
                    },
                    "responses": {"default": {"statusCode": "200"}},
                },
            }
        },
    },
    components={
        "schemas": {"Empty": {"title": "Empty Schema", "type": "object"}},
        "securitySchemes": {
            "sigv4": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            }
        },
    },
)

# Templates, a validated body, gateway responses, and a private integration.
TEMPLATES: Final = _api(
    {
        "/streams/{stream-name}/records": {
            "post": {
                "parameters": [_parameter("path", "stream-name", required=True)],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PutRecord"}}},
                    "required": True,
                },
                "responses": {"200": {"description": "Put"}},
                "x-amazon-apigateway-request-validator": "all",
                "x-amazon-apigateway-integration": {
                    "type": "aws",
                    "uri": "arn:aws:apigateway:eu-west-1:kinesis:action/PutRecord",
                    "credentials": ROLE,
                    "httpMethod": "POST",
                    "requestParameters": {
                        "integration.request.header.Content-Type": "'application/x-amz-json-1.1'"
                    },
                    "requestTemplates": {
                        "application/json": "#set($root = $input.path('$'))"
                        '{"StreamName": "$input.params(\'stream-name\')", "Data": "$root.Data"}'
                    },
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseTemplates": {"application/json": '{"stage": "$input.path(\'$.name\')"}'},
                        }
                    },
                },
            }
        },
        "/private": {
            "get": {
                "parameters": [_parameter("query", "page")],
                "responses": {"200": {"description": "Passed on"}},
                "x-amazon-apigateway-integration": {
                    "type": "http_proxy",
                    "uri": "https://backend.example.com/private",
                    "httpMethod": "GET",
                    "connectionType": "VPC_LINK",
                    "connectionId": "${stageVariables.link}",
                    "requestParameters": {
                        "integration.request.querystring.page": "method.request.querystring.page"
                    },
                    "cacheKeyParameters": ["method.request.querystring.page"],
                    "tlsConfig": {"insecureSkipVerification": False},
                },
            }
        },
    },
    components={
        "schemas": {
            "PutRecord": {
                "type": "object",
                "required": ["Data"],
                "properties": {"Data": {"type": "string", "maxLength": 1000}},
            }
        }
    },
    **{
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True},
            "parameters": {"validateRequestBody": False, "validateRequestParameters": True},
        },
        "x-amazon-apigateway-request-validator": "parameters",
        "x-amazon-apigateway-minimum-compression-size": 5242880,
        "x-amazon-apigateway-gateway-responses": {
            "INVALID_API_KEY": {
                "statusCode": "429",
                "responseParameters": {
                    "gatewayresponse.header.Access-Control-Allow-Origin": "'a.b.c'",
                    "gatewayresponse.header.x-request-path": "method.request.path.stream-name",
                },
                "responseTemplates": {"application/json": '{"message": "$context.error.message"}'},
            },
            "DEFAULT_5XX": {"statusCode": 500},
        },
    },
)

# A mock, with each kind of authorizer and a key.
MOCK: Final = _api(
    {
        "/pets": {
            "get": {
                "parameters": [_parameter("query", "type"), _parameter("query", "page")],
                "responses": {
                    "200": {
                        "description": "Pets",
                        "headers": {"Access-Control-Allow-Origin": {"schema": {"type": "string"}}},
                    }
                },
                "security": [{"pool": []}, {"api_key": []}],
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "passthroughBehavior": "when_no_match",
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseParameters": {
                                "method.response.header.Access-Control-Allow-Origin": "'*'"
                            },
                            "responseTemplates": {
                                "application/json": '{"id": 1, "at": "$context.requestId"}'
                            },
                        }
                    },
                },
            }
        }
    },
    components={
        "securitySchemes": {
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "pool": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {
                    "type": "cognito_user_pools",
                    "providerARNs": ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC"],
                },
            },
            "token": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "oauth2",
                "x-amazon-apigateway-authorizer": {
                    "type": "token",
                    "authorizerUri": INVOCATION,
                    "authorizerCredentials": ROLE,
                    "identityValidationExpression": "^x-[a-z]+",
                    "authorizerResultTtlInSeconds": 60,
                },
            },
            "request": {
                "type": "apiKey",
                "name": "Unused",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {
                    "type": "request",
                    "identitySource": "method.request.header.Auth1, method.request.querystring.Query1",
                    "authorizerUri": INVOCATION,
                    "authorizerResultTtlInSeconds": 300,
                },
            },
        }
    },
    **{"x-amazon-apigateway-api-key-source": "HEADER"},
)

SAMPLES: Final = {"lambda": LAMBDA_PROXY, "service": SERVICE, "templates": TEMPLATES, "mock": MOCK}
