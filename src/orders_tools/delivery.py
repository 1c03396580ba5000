"""Moves an environment from one release to another, and back: consumers, API function and contract."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from orders_tools.blue_green import BlueGreen
from orders_tools.contract_versions import ContractVersions
from orders_tools.release import (
    API,
    CONSUMERS,
    FUNCTIONS,
    LIVE,
    PREVIOUS,
    CannotDeploy,
    Client,
    Release,
    function_name,
)
from orders_tools.versions import Versions

KEPT: Final = 10
"""Versions of each function, and deployments of the contract, that outlive a deployment."""

_RECORDED_CONTRACT: Final = "The API's deployment was "


class Clients(NamedTuple):
    """The clients of the AWS SDK that a deployment calls."""

    codedeploy: Client
    functions: Client
    gateway: Client


class Delivery:
    """The releases of one environment.

    A contract is served only while the function understands it, and the consumers understand what the
    function writes. So the consumers go first, then the function, then the contract; on the way back it is
    the other way round.
    """

    def __init__(
        self,
        environment: str,
        clients: Clients,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._environment = environment
        self._versions = Versions(environment, clients.functions)
        self._contract = ContractVersions(environment, clients.gateway)
        self._api = BlueGreen(environment, clients.codedeploy, say, sleep)
        self._say = say

    def version_of(self, zip_file: Path) -> str:
        """The newest version of the API's function that runs this very zip.

        Raises:
            CannotDeploy: no version does.
        """
        return self._versions.running_zip(API, zip_file)

    def deploy(self, version: str) -> bool:
        """Move to this version of the API's function and what belongs to it; return whether it stayed.

        The consumers move to their newest versions that run the same zip, the contract to the one that
        was imported last.

        Raises:
            CannotDeploy: a version is not there, or another deployment is under way.
        """
        if under_way := self._api.under_way():
            raise CannotDeploy(
                f"Deployment {under_way[0]} is under way: wait for it, or end it by --rollback."
            )
        live, target = self._live(), self._released_with(version)
        if target == live:
            self._say(f"Version {version} is live already.")
            return True
        earlier = self._previous()
        # Recorded first, so that a rollback finds it whenever this process ends.
        self._record(live)
        self._move_consumers(live, target)
        self._say_change(API, live, target)
        done = self._api.shift(live.versions[API], target.versions[API])
        if done:
            self._serve(live, target)
            self._delete_old(live, target)
        else:
            self._move_consumers(target, live)
            self._record(earlier or live)
        self._say(f"Version {self._versions.at(API, LIVE)} is live.")
        return done

    def roll_back(self) -> bool:
        """End the deployment under way, or move at once to the release before; return whether it is done.

        Raises:
            CannotDeploy: there was no release before.
        """
        stopped = self._api.stop()
        live, before = self._live(), self._previous()
        if stopped:
            if before is not None and before.versions[API] == live.versions[API]:
                self._move_consumers(live, before)
            self._say(f"Version {live.versions[API]} is live.")
            return True
        if before is None or before == live:
            raise CannotDeploy(
                f"No release before version {live.versions[API]} is recorded: name a --version."
            )
        self._serve(live, before)
        self._say_change(API, live, before)
        done = self._api.shift_at_once(live.versions[API], before.versions[API])
        if done:
            self._move_consumers(live, before)
            self._record(live)
        else:
            self._serve(before, live)
        self._say(f"Version {self._versions.at(API, LIVE)} is live.")
        return done

    def _live(self) -> Release:
        return Release(self._at(LIVE), self._contract.served)

    def _previous(self) -> Release | None:
        """The release that a rollback returns to; None if none was recorded."""
        try:
            note = self._versions.note_at(API, PREVIOUS)
            return Release(self._at(PREVIOUS), note.removeprefix(_RECORDED_CONTRACT))
        except CannotDeploy:
            return None

    def _at(self, alias: str) -> Mapping[str, str]:
        return {function: self._versions.at(function, alias) for function in FUNCTIONS}

    def _released_with(self, version: str) -> Release:
        same = {consumer: self._versions.running_same_zip(consumer, API, version) for consumer in CONSUMERS}
        return Release({API: version, **same}, self._contract.imported())

    def _record(self, release: Release) -> None:
        for function in FUNCTIONS:
            note = _RECORDED_CONTRACT + release.contract
            self._versions.record(function, PREVIOUS, release.versions[function], note)

    def _move_consumers(self, current: Release, target: Release) -> None:
        for consumer in CONSUMERS:
            if self._say_change(consumer, current, target):
                self._versions.move(consumer, LIVE, target.versions[consumer])

    def _say_change(self, function: str, current: Release, target: Release) -> bool:
        """Say which version follows which; return whether it is another one."""
        old, new = current.versions[function], target.versions[function]
        if old != new:
            self._say(f"{function_name(self._environment, function)}: from version {old} to version {new}.")
        return old != new

    def _serve(self, current: Release, target: Release) -> None:
        if current.contract != target.contract:
            self._say(f"Contract: from deployment {current.contract} to deployment {target.contract}.")
            self._contract.serve(target.contract)

    def _delete_old(self, *needed: Release) -> None:
        for function in FUNCTIONS:
            if versions := self._versions.delete_old(function, KEPT):
                name = function_name(self._environment, function)
                self._say(f"{name}: deleted old versions {', '.join(versions)}.")
        self._contract.delete_old(KEPT, {release.contract for release in needed})
