"""The services that the consumers call, behind the AWS client's connections: its own retries are in play."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from orders_aws.client.connections import AwsReply, BrokenConnection
from tests.consumers.clock import Clock
from tests.consumers.faults import Faults
from tests.consumers.tables import DynamoDB, Refused

Json = dict[str, Any]
Answer = Callable[[str, Json], Json]

_COUNTERS: Final = "-stats"


class Killed(BaseException):
    """The function ends here: its memory is full, or its time is over."""


class Services:
    """Answers by service; what a service does beyond answering is told to it by `answers`."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self.clock = clock
        self.faults = faults
        self.dynamodb = DynamoDB()
        self.killable = False
        self.calls = 0
        self.answers: dict[str, Answer] = {"dynamodb": self.dynamodb.answer}

    def connections(self, url: str) -> "FakeConnections":
        """What takes the place of `Connections`: the service is told by its address, http://SERVICE."""
        return FakeConnections(self, url.removeprefix("http://"))

    def reply(self, service: str, operation: str, request: Json) -> AwsReply:
        """One attempt of one call.

        Raises:
            BrokenConnection: the request or its answer was lost.
            Killed: the function that called ends.
        """
        self.calls += 1
        self.clock.sleep(0.005)
        faults = self.faults
        if faults.away(service, self.clock.now):
            return AwsReply(503, b"{}")
        if faults.happens("throttled"):
            return _throttle(service)
        if faults.happens("failed"):
            return AwsReply(500, b'{"__type": "com.amazonaws#InternalServerError"}')
        if faults.happens("request_lost"):
            raise BrokenConnection("the request is lost", sent=False)
        try:
            if operation == "TransactWriteItems" and faults.happens("conflict"):
                raise _conflict(request)
            document = self.answers[service](operation, request)
            reply = AwsReply(200, json.dumps(document).encode())
        except Refused as error:
            document = {"__type": f"com.amazonaws#{error.kind}", "message": "no", **error.document}
            reply = AwsReply(400, json.dumps(document).encode())
        if self.killable and faults.happens("killed"):
            raise Killed
        if faults.happens("answer_lost"):
            raise BrokenConnection("the answer is lost", sent=True)
        return reply


class FakeConnections:
    """As `Connections`, to a service of a run."""

    def __init__(self, services: Services, service: str) -> None:
        self._services = services
        self.authority = service

    def post(self, path: str, headers: Mapping[str, str], body: bytes, seconds: float) -> AwsReply:
        operation = headers.get("x-amz-target", path).rpartition(".")[2]
        return self._services.reply(self.authority, operation, json.loads(body))

    def close(self) -> None:
        """There is nothing to close."""


def _throttle(service: str) -> AwsReply:
    """SES answers so with 429 and the reason in a header, the others with 400 and the reason in the body."""
    if service == "email":
        return AwsReply(429, b'{"message": "Maximum sending rate exceeded."}', "", "TooManyRequestsException")
    return AwsReply(400, b'{"__type": "com.amazonaws#ThrottlingException"}')


def _conflict(request: Json) -> Refused:
    """Another transaction writes the counters of these changes now."""
    codes = [
        "TransactionConflict" if next(iter(each.values()))["TableName"].endswith(_COUNTERS) else "None"
        for each in request["TransactItems"]
    ]
    return Refused(
        "TransactionCanceledException", {"CancellationReasons": [{"Code": code} for code in codes]}
    )
