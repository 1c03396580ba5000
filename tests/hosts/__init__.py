"""The hosts of the API as a client sees them: where each listens and how one signs in."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from tests.real_parts.tables import REGION

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

PASSWORD = "Demo-orders-2026!"
ANA, LUIS, STAFF = "ana@example.com", "luis@example.com", "staff@example.com"


@dataclass(frozen=True)
class Host:
    """A running host.

    `origin` and `prefix` make up the API's URL; `host_header` names the API where the address does not.
    `tight_api_key` belongs to a usage plan that a few hundred requests use up.
    `parallel` is how many requests at once the host can take in a test.
    """

    name: str
    origin: str
    prefix: str
    host_header: str
    cognito_url: str
    user_pool_id: str
    client_id: str
    api_key: str
    tight_api_key: str
    parallel: int

    def save(self, path: Path) -> None:
        """Writes it down for other test workers."""
        path.write_text(json.dumps(asdict(self)))

    @staticmethod
    def load(path: Path) -> "Host":
        return Host(**json.loads(path.read_text()))

    def tokens(self, email: str) -> dict[str, str]:
        """Signs a user in: the tokens by the names that Cognito gives them."""
        signed_in = cognito(self.cognito_url).initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        return {
            "id": signed_in["IdToken"],
            "access": signed_in["AccessToken"],
            "refresh": signed_in["RefreshToken"],
        }


def cognito(url: str) -> "CognitoIdentityProviderClient":
    """A client of a user pool that is not in the cloud."""
    client: CognitoIdentityProviderClient = boto3.client(
        "cognito-idp",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return client
