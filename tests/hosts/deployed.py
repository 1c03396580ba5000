"""The deployed shape on ministack: table, user pool, the zip as Lambda, API Gateway from the contract.

What the emulator's import of an OpenAPI document leaves out is added from the same document: gateway
responses as resources of the stack, mock integrations by API Gateway's own API.
"""

import json
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from orders_contract import gateway_profile
from tests.hosts import ANA, LUIS, PASSWORD, STAFF, Host, cognito
from tests.real_parts.artefact import THIS_PYTHON
from tests.real_parts.tables import REGION, create_orders_table

STAGE = "test"
ACCOUNT = "000000000000"
# Requests a second, burst, and requests a day: as in infra/, and two that a test can use up.
PLANS = {"basic": (50, 100, None), "premium": (250, 500, None), "tight": (1, 2, None), "quota": (50, 100, 3)}
METHODS = ("get", "post", "put", "patch", "delete", "options", "x-amazon-apigateway-any-method")

Json = dict[str, Any]


def deploy(endpoint: str, function_zip: Path, record: Path) -> None:
    """Deploys everything under new names, with the demo users, and writes the host to `record`."""
    client = partial(
        boto3.client,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    name = f"orders-{uuid.uuid4().hex[:8]}"
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="orders-api.zip", Body=function_zip.read_bytes())

    create = partial(create_stack, client("cloudformation"), s3, name)
    base = create("base", base_resources(name, endpoint, create_orders_table(endpoint)))
    contract = rendered_contract(base["FunctionArn"], base["PoolArn"])
    api = create("api", api_resources(contract))
    add_mock_integrations(client("apigateway"), api["Api"], contract)
    add_users(endpoint, base["Pool"], base["Client"])
    Host(
        name="deployed",
        origin=endpoint,
        prefix=f"/{STAGE}",
        host_header=f"{api['Api']}.execute-api.localhost:{endpoint.rpartition(':')[2]}",
        cognito_url=endpoint,
        user_pool_id=base["Pool"],
        client_id=base["Client"],
        api_key=key_value(api["Api"], "premium"),
        tight_api_key=key_value(api["Api"], "tight"),
        # Each request at once is a process of its own on the emulator, as it would be an instance on AWS.
        parallel=6,
    ).save(record)


def create_stack(cloudformation: Any, s3: Any, name: str, part: str, resources: Json) -> dict[str, str]:  # noqa: ANN401
    """Creates a stack from a template in the bucket `name` (as a parameter it would be too large).

    `resources` also has what the stack puts out, under "Outputs"; that is returned.
    """
    outputs = {key: {"Value": value} for key, value in resources.pop("Outputs").items()}
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    s3.put_object(Bucket=name, Key=f"{part}.json", Body=template.encode())
    url = f"{s3.meta.endpoint_url}/{name}/{part}.json"
    stack = f"{name}-{part}"
    cloudformation.create_stack(StackName=stack, TemplateURL=url)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def base_resources(name: str, endpoint: str, table: str) -> Json:
    """User pool and function."""
    variables = {
        "DYNAMODB_TABLE": table,
        "DYNAMODB_ENDPOINT_URL": endpoint,
        "ENVIRONMENT": "test",
        "LOG_LEVEL": "INFO",
    }
    return {
        "Pool": resource("Cognito::UserPool", UserPoolName=name, UsernameAttributes=["email"]),
        "Client": resource(
            "Cognito::UserPoolClient",
            UserPoolId={"Ref": "Pool"},
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        ),
        "Staff": resource("Cognito::UserPoolGroup", UserPoolId={"Ref": "Pool"}, GroupName="staff"),
        "Function": resource(
            "Lambda::Function",
            FunctionName=name,
            Runtime=f"python{THIS_PYTHON}",
            Handler="orders_aws.handler.handler",
            Code={"S3Bucket": name, "S3Key": "orders-api.zip"},
            Role=f"arn:aws:iam::{ACCOUNT}:role/{name}",
            MemorySize=512,
            Timeout=10,
            Environment={"Variables": variables},
        ),
        "Version": resource("Lambda::Version", FunctionName={"Ref": "Function"}),
        "Alias": resource(
            "Lambda::Alias",
            FunctionName={"Ref": "Function"},
            FunctionVersion={"Fn::GetAtt": ["Version", "Version"]},
            Name="live",
        ),
        "Outputs": {
            "Pool": {"Ref": "Pool"},
            "PoolArn": {"Fn::GetAtt": ["Pool", "Arn"]},
            "Client": {"Ref": "Client"},
            "FunctionArn": {"Ref": "Alias"},
        },
    }


def rendered_contract(function_arn: str, pool_arn: str) -> Json:
    """The gateway profile, filled in as Terraform fills it in."""
    lambda_path = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions"
    values = {
        "title": "orders-api-test",
        "region": REGION,
        "lambda_invoke_arn": f"{lambda_path}/{function_arn}/invocations",
        "user_pool_arn": pool_arn,
        "cors_allow_origin": "*",
    }
    text = json.dumps(gateway_profile.build())
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    contract: Json = json.loads(text)
    return contract


def api_resources(contract: Json) -> Json:
    """API, gateway responses, stage, usage plans and a key for each."""
    api = {"Ref": "Api"}
    responses = {
        f"Response{kind.title().replace('_', '')}": resource(
            "ApiGateway::GatewayResponse",
            RestApiId=api,
            ResponseType=kind,
            StatusCode=str(response["statusCode"]),
            ResponseParameters=response["responseParameters"],
            ResponseTemplates=response["responseTemplates"],
        )
        for kind, response in contract["x-amazon-apigateway-gateway-responses"].items()
    }
    stage = {"ApiId": api, "Stage": STAGE}
    resources: Json = {
        "Api": resource("ApiGateway::RestApi", Body=contract),
        **responses,
        "Deployment": resource("ApiGateway::Deployment", RestApiId=api) | {"DependsOn": list(responses)},
        "Stage": resource(
            "ApiGateway::Stage", RestApiId=api, DeploymentId={"Ref": "Deployment"}, StageName=STAGE
        ),
        "Outputs": {"Api": api},
    }
    for plan, (rate, burst, quota) in PLANS.items():
        limits: Json = {"Throttle": {"RateLimit": rate, "BurstLimit": burst}}
        if quota:
            limits["Quota"] = {"Limit": quota, "Period": "DAY"}
        name = plan.title()
        key = {"Fn::Sub": key_value("${Api}", plan)}
        resources |= {
            f"{name}Plan": resource("ApiGateway::UsagePlan", ApiStages=[stage], **limits)
            | {"DependsOn": ["Stage"]},
            f"{name}Key": resource("ApiGateway::ApiKey", Enabled=True, Value=key),
            f"{name}Member": resource(
                "ApiGateway::UsagePlanKey",
                KeyId={"Ref": f"{name}Key"},
                KeyType="API_KEY",
                UsagePlanId={"Ref": f"{name}Plan"},
            ),
        }
    return resources


def key_value(api: str, plan: str) -> str:
    """An API key's value: at least 20 characters."""
    return f"key-of-the-{plan}-plan-of-{api}"


def resource(kind: str, **properties: object) -> Json:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def add_mock_integrations(apigateway: Any, api: str, contract: Json) -> None:  # noqa: ANN401
    """Preflight answers and refused methods: the import takes neither their templates nor any-methods."""
    ids = {one["path"]: one["id"] for one in apigateway.get_resources(restApiId=api, limit=500)["items"]}
    for path, operations in contract["paths"].items():
        for method in METHODS:
            integration = operations.get(method, {}).get("x-amazon-apigateway-integration", {})
            if integration.get("type") == "mock":
                verb = "OPTIONS" if method == "options" else "ANY"
                at = {"restApiId": api, "resourceId": ids[path], "httpMethod": verb}
                add_mock_integration(apigateway, at, integration)


def add_mock_integration(apigateway: Any, at: Mapping[str, str], integration: Json) -> None:  # noqa: ANN401
    apigateway.put_method(**at, authorizationType="NONE")
    apigateway.put_integration(**at, type="MOCK", requestTemplates=integration["requestTemplates"])
    for response in integration["responses"].values():
        apigateway.put_integration_response(**at, **response)


def add_users(endpoint: str, pool: str, client_id: str) -> None:
    """Signs the demo users up as a client would; an administrator confirms them."""
    users = cognito(endpoint)
    for email in (ANA, LUIS, STAFF):
        users.sign_up(
            ClientId=client_id,
            Username=email,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": email}],
        )
        users.admin_confirm_sign_up(UserPoolId=pool, Username=email)
    users.admin_add_user_to_group(UserPoolId=pool, Username=STAFF, GroupName="staff")
