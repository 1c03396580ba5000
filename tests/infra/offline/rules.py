"""Checks that Terraform leaves to the provider: read-only arguments, enums, JSON syntax, DynamoDB keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Block = dict[str, Any]
Config = dict[str, Any]

RULES: dict[str, Any] = json.loads((Path(__file__).parent / "aws_rules.json").read_text())


def values_at(value: Any, path: list[str]) -> list[Any]:
    """Every known, non-null scalar at a dotted path, looking into all items of lists on the way."""
    if isinstance(value, list):
        return [found for item in value for found in values_at(item, path)]
    if not path:
        return [value] if isinstance(value, (str, int, float)) else []
    return values_at(value.get(path[0]), path[1:]) if isinstance(value, dict) else []


def problems(key: str, config: Config, block: Block) -> Iterator[tuple[str, str]]:
    """Yield (top-level attribute, explanation) for each rule that `config` breaks; unknown values pass."""
    for path in read_only(config, block):
        yield (
            path[0],
            (
                f'Can\'t configure a value for "{".".join(path)}": its value will be decided automatically '
                "based on the result of applying this configuration."
            ),
        )
    for dotted, allowed in RULES["enums"].get(key, {}).items():
        for value in values_at(config, dotted.split(".")):
            if value not in allowed:
                yield dotted.split(".")[0], f"{dotted} must be one of {allowed}, got {value!r}"
    for name in RULES["json"].get(key, []):
        for value in values_at(config, [name]):
            try:
                json.loads(value or "{}")
            except ValueError as error:
                yield name, f"{name} contains invalid JSON: {error}"
    if key == "aws_dynamodb_table":
        yield from dynamodb_keys(config)


def read_only(config: Config, block: Block) -> Iterator[list[str]]:
    """The path of every attribute that is set although it can only be computed."""
    for name, (flags, _) in block["attributes"].items():
        if flags.startswith("c") and config[name] is not None:
            yield [name]
    for name, (_mode, _, _, inner) in block["blocks"].items():
        for child in config[name] if isinstance(config[name], list) else [config[name]]:
            if isinstance(child, dict):
                yield from ([name, *path] for path in read_only(child, inner))


def dynamodb_keys(config: Config) -> Iterator[tuple[str, str]]:
    """DynamoDB wants exactly the attributes that some key uses to be declared."""
    indexes = ["global_secondary_index", "local_secondary_index"]
    paths = [["hash_key"], ["range_key"]] + [
        [index, key] for index in indexes for key in ("hash_key", "range_key")
    ]
    paths.append(["global_secondary_index", "key_schema", "attribute_name"])
    if anything_unknown([config.get(name) for name in ("hash_key", "range_key", "attribute", *indexes)]):
        return
    used = {value for path in paths for value in values_at(config, path)}
    declared = set(values_at(config, ["attribute", "name"]))
    if used - declared:
        yield (
            "attribute",
            f"all indexes must match a defined attribute. Unmatched indexes: {sorted(used - declared)}",
        )
    if declared - used:
        yield "attribute", f"all attributes must be indexed. Unused attributes: {sorted(declared - used)}"


def anything_unknown(value: Any) -> bool:
    """Whether a value that is not known yet hides anywhere inside."""
    if isinstance(value, dict):
        return any(map(anything_unknown, value.values()))
    if isinstance(value, list):
        return any(map(anything_unknown, value))
    return not isinstance(value, (str, int, float, type(None)))
