"""The table of who may do what in docs/security.md is that of the code, and Terraform makes its groups."""

import re
from pathlib import Path

from orders_core.permissions import GROUPS, MEANINGS, OF_CUSTOMERS, Permission

ROOT = Path(__file__).resolve().parents[2]


def test_the_documented_table_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    for permission in Permission:
        of_groups = ["✓" if permission in granted else "" for granted in GROUPS.values()]
        cells = [*of_groups, "own" if permission in OF_CUSTOMERS else ""]
        assert f"| `{permission}` | {MEANINGS[permission]} | {' | '.join(cells)} |" in text
    names = " | ".join(f"`{name}`" for name in GROUPS)
    assert f"| permission | lets one | {names} | customer |" in text


def test_terraform_makes_the_same_groups() -> None:
    text = (ROOT / "infra" / "modules" / "auth" / "main.tf").read_text()
    block = text.partition('resource "aws_cognito_user_group" "this"')[2].partition("}")[0]
    assert re.findall(r'^ +(\w+) += "', block, re.MULTILINE) == list(GROUPS)
