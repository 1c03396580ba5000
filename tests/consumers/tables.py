"""DynamoDB in memory: the operations, conditions and updates that the consumers use."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

Item = dict[str, Any]
Values = dict[str, Any]

KEYS: Final = {
    "events": ("order_id", "version"),
    "stats": ("day", "sk"),
    "webhooks": ("webhook_id",),
}
"""The tables by the end of their names, and their keys."""

_TOKEN: Final = re.compile(r"\s*([#:]?\w+|<=|>=|<>|[=<>(),])")


class Refused(Exception):
    """The request is refused: `kind` is DynamoDB's name for it, `document` what its reply has besides."""

    def __init__(self, kind: str, document: Item | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.document = document or {}


class DynamoDB:
    """Tables by name; each is a dictionary of its items."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {}

    def items(self, table: str) -> list[Item]:
        """All items of a table, by the end of its name."""
        return [
            item for name, items in self.tables.items() if name.endswith(table) for item in items.values()
        ]

    def answer(self, operation: str, request: Item) -> Item:
        """Carry out an operation.

        Raises:
            Refused: as DynamoDB does; nothing was changed.
        """
        operations: dict[str, Callable[[Item], Item]] = {
            "GetItem": self._get,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "DeleteItem": self._delete,
            "Scan": self._scan,
            "TransactWriteItems": self._transact,
        }
        return operations[operation](request)

    def _get(self, request: Item) -> Item:
        item = self._stored(request, request["Key"])
        return {} if item is None else {"Item": item}

    def _put(self, request: Item) -> Item:
        self._check(request, request["Item"])
        self._write(request, request["Item"], request["Item"])
        return {}

    def _delete(self, request: Item) -> Item:
        self._check(request, request["Key"])
        self._table(request).pop(self._key(request, request["Key"]), None)
        return {}

    def _update(self, request: Item) -> Item:
        self._check(request, request["Key"])
        before = self._stored(request, request["Key"])
        after = _updated(dict(before or request["Key"]), request)
        self._write(request, request["Key"], after)
        return {"Attributes": after} if "ReturnValues" in request else {}

    def _scan(self, request: Item) -> Item:
        return {"Items": list(self._table(request).values())}

    def _transact(self, request: Item) -> Item:
        items = [next(iter(each.items())) for each in request["TransactItems"]]
        keys = [
            (each["TableName"], self._key(each, each.get("Item") or each.get("Key"))) for _, each in items
        ]
        if len(set(keys)) < len(keys) or len(keys) > 100:
            raise Refused("ValidationException")
        codes = [self._code(each) for _, each in items]
        if set(codes) != {"None"}:
            raise Refused(
                "TransactionCanceledException", {"CancellationReasons": [{"Code": code} for code in codes]}
            )
        for kind, each in items:
            (self._put if kind == "Put" else self._update)(each)
        return {}

    def _code(self, request: Item) -> str:
        try:
            self._check(request, request.get("Item") or request["Key"])
        except Refused:
            return "ConditionalCheckFailed"
        return "None"

    def _check(self, request: Item, key: Item) -> None:
        item = self._stored(request, key)
        if "ConditionExpression" in request and not _holds(request, item or {}):
            shown = item is not None and "ReturnValuesOnConditionCheckFailure" in request
            raise Refused("ConditionalCheckFailedException", {"Item": item} if shown else {})

    def _write(self, request: Item, key: Item, item: Item) -> None:
        self._table(request)[self._key(request, key)] = item

    def _stored(self, request: Item, key: Item) -> Item | None:
        return self._table(request).get(self._key(request, key))

    def _table(self, request: Item) -> dict[tuple[str, ...], Item]:
        return self.tables.setdefault(request["TableName"], {})

    def _key(self, request: Item, item: Item) -> tuple[str, ...]:
        names = KEYS[request["TableName"].rpartition("-")[2]]
        return tuple(json.dumps(item[name]) for name in names)


def _value(operand: str, request: Item, item: Item) -> Any:
    if operand.startswith(":"):
        return request["ExpressionAttributeValues"][operand]
    return item.get(_name(operand, request))


def _name(operand: str, request: Item) -> str:
    return str(request["ExpressionAttributeNames"][operand]) if operand.startswith("#") else operand


def _number(value: Any) -> float | str | None:
    if value is None:
        return None
    return int(value["N"]) if "N" in value else str(value.get("S"))


def _holds(request: Item, item: Item) -> bool:  # noqa: C901 - a small parser
    """Whether the condition holds; AND binds tighter than OR, and what is missing compares to nothing."""
    tokens = _TOKEN.findall(request["ConditionExpression"])

    def either() -> bool:
        holds = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            other = both()
            holds = holds or other
        return holds

    def both() -> bool:
        holds = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            other = one()
            holds = holds and other
        return holds

    def one() -> bool:
        token = tokens.pop(0)
        if token == "(":
            holds = either()
            tokens.pop(0)
            return holds
        if token in ("attribute_not_exists", "attribute_exists"):
            _, operand, _ = tokens.pop(0), tokens.pop(0), tokens.pop(0)
            return bool((_value(operand, request, item) is None) == (token == "attribute_not_exists"))
        return compared(_number(_value(token, request, item)), tokens.pop(0))

    def compared(left: Any, operator: str) -> bool:
        right = _number(_value(tokens.pop(0), request, item))
        if operator == "BETWEEN":
            tokens.pop(0)
            highest = _number(_value(tokens.pop(0), request, item))
            return bool(left is not None and right <= left <= highest)
        if left is None:
            return False
        return bool(left == right if operator == "=" else left < right)

    return either()


def _updated(item: Item, request: Item) -> Item:
    """The item after SET, ADD and REMOVE."""
    parts = re.split(r"\b(SET|ADD|REMOVE)\b", request["UpdateExpression"])[1:]
    for clause, actions in zip(parts[::2], parts[1::2], strict=True):
        for action in actions.split(","):
            operands = action.replace("=", " ").split()
            name = _name(operands[0], request)
            if clause == "REMOVE":
                item.pop(name, None)
            elif clause == "SET":
                item[name] = _value(operands[1], request, item)
            else:
                item[name] = _sum(item.get(name), _value(operands[1], request, item))
    return item


def _sum(before: Any, more: Any) -> Any:
    if "SS" in more:
        return {"SS": sorted({*(before or {"SS": []})["SS"], *more["SS"]})}
    return {"N": str(int((before or {"N": "0"})["N"]) + int(more["N"]))}
