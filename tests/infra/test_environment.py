"""Each function is given the variables that its code can't do without."""

import re
from importlib.util import find_spec
from pathlib import Path

from tests.infra.terraform import INFRA

FUNCTION = re.compile(r'handler\s+= "([\w.]+)\.handler"\s+environment = \{(.*?)\}\n', re.DOTALL)
REQUIRED = re.compile(r'(?:required\(|os\.environ\[)"(\w+)"')


def test_no_function_lacks_what_it_requires() -> None:
    functions = FUNCTION.findall((INFRA / "main.tf").read_text())
    assert len(functions) == 6
    given = {module: set(re.findall(r"(\w+)\s+=", variables)) for module, variables in functions}
    lacking = {module: required_by(module) - variables for module, variables in given.items()}
    assert {module: names for module, names in lacking.items() if names} == {}
    assert required_by("orders_aws.consumers.stream") == {"EVENT_BUS", "UNPUBLISHED_QUEUE_URL"}


def required_by(module: str) -> set[str]:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return set(REQUIRED.findall(Path(spec.origin).read_text()))
