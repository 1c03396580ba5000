"""The dependency rule: models ← access ← handler → repository; the application does not know its hosts."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"

# What the Lambda's zip holds besides the standard library; pyproject's `dependencies` and what they bring.
IN_THE_ZIP = {"orders_api", "msgspec", "aws_lambda_powertools"}

# A layer of the application, and what of the application it must not reach, not even through others.
WIRING = ("handler", "application", "operations", "problems", "proxy", "contract")
ADAPTERS = ("repository", "events", "settings", "telemetry")
FORBIDDEN = {
    "models": ("access", *WIRING, *ADAPTERS),
    "access": (*WIRING, *ADAPTERS),
    "repository": ("access", *WIRING),
    "events": WIRING,
}


def modules(package: str) -> list[str]:
    return sorted(
        ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")
        for path in (SOURCES / package).rglob("*.py")
    )


def imports(module: str) -> Iterator[str]:
    """Every name that the module imports, wherever in the file; `from a import b` gives both a and a.b."""
    for node in ast.walk(ast.parse(source_file(module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute here"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def source_file(module: str) -> Path:
    path = SOURCES.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def reached_from(module: str) -> set[str]:
    """The application's modules that importing `module` may bring in."""
    known = set(modules("orders_api"))
    reached: set[str] = set()
    pending = [module]
    while pending:
        for name in imports(pending.pop()):
            if name in known - reached:
                reached.add(name)
                pending.append(name)
    return reached


@pytest.mark.parametrize("module", modules("orders_api"))
def test_the_application_never_imports_its_host(module: str) -> None:
    assert not [name for name in imports(module) if name.split(".")[0] == "orders_gateway"]


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_arrows_point_one_way(layer: str) -> None:
    forbidden = tuple(f"orders_api.{name}" for name in FORBIDDEN[layer])
    for module in modules("orders_api"):
        if is_in(module, (f"orders_api.{layer}",)):
            backwards = sorted(name for name in reached_from(module) if is_in(name, forbidden))
            assert not backwards, f"{module} must not depend on {', '.join(backwards)}"


def test_the_domain_does_no_input_or_output() -> None:
    reaches_out = {"os", "io", "pathlib", "socket", "http", "urllib", "sqlite3", "logging", "botocore"}
    assert not reaches_out & {name.split(".")[0] for name in imports("orders_api.models")}


@pytest.mark.parametrize("module", modules("orders_api"))
def test_the_zip_imports_only_what_it_carries(module: str) -> None:
    """Imports at the top of a module: one inside a function belongs to an optional part."""
    tree = ast.parse(source_file(module).read_text())
    names = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    foreign = {name.split(".")[0] for name in names} - IN_THE_ZIP - sys.stdlib_module_names
    assert not foreign
