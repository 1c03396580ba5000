"""How clients sign in, stay signed in and sign out, and what an administrator does to their sessions."""

import asyncio
import base64
import json
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from orders_host.user_pool.pool import UserPool
from tests.simulation.gateway import PASSWORD, Reply, email
from tests.simulation.history import History, Json, Operation
from tests.simulation.machine import Machine
from tests.simulation.scenario import CUSTOMERS, STAFF_NAMES, Scenario


class Tokens(NamedTuple):
    """What a client holds of one session."""

    session: str
    id_token: str
    access_token: str
    refresh_token: str


class Account:
    """One client's user: it signs in when it has to, and tries now and then what it had before."""

    def __init__(self, name: str, address: str, history: History, loses: Callable[[], bool]) -> None:
        self._name = name
        self._address = address
        self._history = history
        self._loses = loses
        self._held: Tokens | None = None
        self._old: list[Tokens] = []
        self.machine: Machine

    async def tokens(self, random: Random) -> Tokens | None:
        """Those of the session, of a new one if there is none, or old ones that somebody may have stolen."""
        if self._old and random.random() < 0.1:
            return random.choice(self._old)
        if self._held is None:
            await self._sign_in()
        return self._held

    async def renew(self, tokens: Tokens, random: Random) -> None:
        """Get fresh tokens of a session, in half of the cases the refresh token included; give up a session
        that has ended.
        """
        operation = self._start("refresh", session=tokens.session)
        if random.random() < 0.5:
            parameters = {"REFRESH_TOKEN": tokens.refresh_token}
            told = await self._ask(
                operation, "InitiateAuth", {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": parameters}
            )
        else:
            request = {"RefreshToken": tokens.refresh_token}
            told = await self._ask(operation, "GetTokensFromRefreshToken", request)
        if told is None:
            return
        if operation.succeeded:
            self._keep(_tokens(told, tokens.refresh_token))
        elif tokens == self._held:
            self._held = None

    async def sign_out(self, random: Random) -> None:
        """End the session, or all sessions of the user."""
        tokens = self._held
        if tokens is None:
            return
        if random.random() < 0.5:
            operation = self._start("revoke", {"session": tokens.session})
            await self._ask(operation, "RevokeToken", {"Token": tokens.refresh_token})
        else:
            operation = self._start("revoke", {"user": self._name})
            await self._ask(operation, "GlobalSignOut", {"AccessToken": tokens.access_token})
        if operation.succeeded:
            self._held = None

    async def _sign_in(self) -> None:
        operation = self._start("sign in")
        parameters = {"USERNAME": email(self._name), "PASSWORD": PASSWORD}
        told = await self._ask(
            operation, "InitiateAuth", {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        )
        if told is not None and operation.succeeded:
            tokens = _tokens(told, "")
            operation.session = tokens.session
            self._keep(tokens)

    def _keep(self, tokens: Tokens) -> None:
        self._held = tokens
        self._old.append(tokens)

    def _start(self, name: str, asked: Json | None = None, session: str | None = None) -> Operation:
        return self._history.start_account(self._name, name, asked or {}, session)

    async def _ask(self, operation: Operation, target: str, request: Json) -> Json | None:
        reply: Reply = await self.machine.gateway.ask_pool(target, request, self._address)
        if reply.status >= 500 or self._loses():
            return None
        self._history.end(operation, reply.status, {})
        return reply.document


class Administrator:
    """Ends sessions from the command line: signs out, sets passwords, disables and enables users."""

    def __init__(self, name: str, history: History, scenario: Scenario) -> None:
        self._name = name
        self._history = history
        self._scenario = scenario
        self.machine: Machine

    async def run(self, life: int, _: dict[str, Json]) -> None:
        """Do what the scenario says for one life of the host."""
        pace = self._scenario.pace(life)
        for step in self._scenario.steps(life, self._name):
            random = self._scenario.random(self._name, life, step)
            await asyncio.sleep(random.expovariate(0.25 / pace))
            user = random.choice((*CUSTOMERS, *STAFF_NAMES))
            pool = self.machine.gateway.pool
            match random.choices(("sign out", "set password", "disable"), (2, 1, 1))[0]:
                case "sign out":
                    await self._do("revoke", user, UserPool.sign_out, pool, email(user))
                case "set password":
                    await self._do("revoke", user, UserPool.set_password, pool, email(user), PASSWORD)
                case "disable":
                    await self._do("disable", user, UserPool.disable, pool, email(user))
                    await asyncio.sleep(random.expovariate(0.25 / pace))
                    await self._do("enable", user, UserPool.enable, pool, email(user))

    async def _do(self, name: str, user: str, command: Callable[..., None], *arguments: object) -> None:
        operation = self._history.start_account(self._name, name, {"user": user}, None)
        await self.machine.loop.run_in_executor(None, command, *arguments)
        self._history.end(operation, 200, {})


def _tokens(document: Json, refresh_token: str) -> Tokens:
    result = document["AuthenticationResult"]
    payload = result["AccessToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return Tokens(
        claims["origin_jti"],
        result["IdToken"],
        result["AccessToken"],
        result.get("RefreshToken", refresh_token),
    )
