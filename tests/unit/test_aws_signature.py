"""Signatures equal those of AWS's own SDK, whatever is signed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from orders_aws.client.signature import Credentials, Scope, signed_headers

printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(
    body=st.binary(max_size=300),
    keys=st.builds(Credentials, printable, printable, st.none() | printable),
    scope=st.builds(Scope, st.sampled_from(["eu-west-1", "us-east-1"]), st.sampled_from(["dynamodb", "sqs"])),
    target=printable,
    now=st.integers(min_value=0, max_value=4_000_000_000),
)
def test_a_signature_is_the_one_that_botocore_makes(
    body: bytes, keys: Credentials, scope: Scope, target: str, now: int
) -> None:
    headers = {
        "host": "dynamodb.eu-west-1.amazonaws.com",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
    }
    ours = signed_headers(headers, body, keys, scope, now)
    theirs = {name.lower(): value for name, value in botocore_signs(headers, body, keys, scope, now).items()}
    assert ours["authorization"] == theirs["authorization"]
    assert ours["x-amz-date"] == theirs["x-amz-date"]


def botocore_signs(
    headers: Mapping[str, str], body: bytes, keys: Credentials, scope: Scope, now: int
) -> Mapping[str, str]:
    request = AWSRequest("POST", f"https://{headers['host']}/", headers=dict(headers), data=body)
    moment = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", return_value=moment):
        SigV4Auth(SdkCredentials(*keys), scope.service, scope.region).add_auth(request)
    return dict(request.headers.items())
