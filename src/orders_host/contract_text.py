"""The contract as the text of openapi.yaml."""

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes every value out: references within YAML are hard to read and to diff."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def as_yaml(contract: dict[str, Any]) -> str:
    """YAML 1.2 in block style, keys in the contract's order."""
    text: str = yaml.dump(contract, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text
