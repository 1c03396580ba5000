"""The contract as API Gateway keeps it: a deployment for each, one of which its stage serves.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html
"""

from functools import cached_property
from operator import itemgetter
from typing import Any, Final

from orders_tools.release import CannotDeploy, Client

# The tag in which infra/ keeps the digest of the contract that it imported last.
_DIGEST_TAG: Final = "contract"


class ContractVersions:
    """The deployments of one environment's API. Its stage bears the name of the environment."""

    def __init__(self, environment: str, gateway: Client) -> None:
        self._name = f"orders-api-{environment}"
        self._stage = environment
        self._gateway = gateway

    @property
    def served(self) -> str:
        """Id of the deployment that the stage serves."""
        stage = self._gateway.get_stage(restApiId=self._id, stageName=self._stage)
        deployment_id: str = stage["deploymentId"]
        return deployment_id

    def imported(self) -> str:
        """Id of the deployment of the contract that was imported last, made if there is none yet.

        Raises:
            CannotDeploy: the API does not tell which contract it has.
        """
        digest = self._api().get("tags", {}).get(_DIGEST_TAG)
        if not digest:
            raise CannotDeploy(f"API {self._name} has no tag {_DIGEST_TAG}: set it by `terraform apply`.")
        for deployment in self._deployments():
            if deployment.get("description") == digest:
                return str(deployment["id"])
        return str(self._gateway.create_deployment(restApiId=self._id, description=digest)["id"])

    def serve(self, deployment_id: str) -> None:
        """Let the stage serve this deployment."""
        self._gateway.update_stage(
            restApiId=self._id,
            stageName=self._stage,
            patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment_id}],
        )

    def delete_old(self, kept: int, needed: set[str]) -> list[str]:
        """Delete all deployments but the newest ones, the needed ones and the first; return the deleted ones.

        Terraform made the first deployment, and would make it again if it were gone.
        """
        deployments = self._deployments()
        deleted = [
            str(deployment["id"]) for deployment in deployments[kept:-1] if deployment["id"] not in needed
        ]
        for deployment_id in deleted:
            self._gateway.delete_deployment(restApiId=self._id, deploymentId=deployment_id)
        return deleted

    @cached_property
    def _id(self) -> str:
        found: str = self._api()["id"]
        return found

    def _api(self) -> dict[str, Any]:
        pages = self._gateway.get_paginator("get_rest_apis").paginate()
        found = [api for page in pages for api in page["items"] if api["name"] == self._name]
        if len(found) != 1:
            raise CannotDeploy(f"There must be one API {self._name} in this region; there are {len(found)}.")
        return dict(found[0])

    def _deployments(self) -> list[dict[str, Any]]:
        """The newest first."""
        pages = self._gateway.get_paginator("get_deployments").paginate(restApiId=self._id)
        deployments = (deployment for page in pages for deployment in page["items"])
        return sorted(deployments, key=itemgetter("createdDate"))[::-1]
