"""The rooms of `src/` and the arrows between them: a room imports those that its row names, no other."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from orders_tools.build_zip import PACKAGES as ZIPPED

SOURCES = Path(__file__).parents[2] / "src"

MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "orders_core": (),
    "orders_contract": ("orders_core", "orders_webhooks"),
    "orders_webhooks": ("orders_core",),
    "orders_aws": ("orders_core", "orders_webhooks"),
    "orders_host": ("orders_core", "orders_contract", "orders_webhooks", "orders_aws"),
    "orders_client": (),
    "orders_tools": ("orders_core", "orders_contract", "orders_aws"),
    "orders_migration": ("orders_core", "orders_webhooks", "orders_aws", "orders_host"),
    "orders_cli": (
        "orders_client",
        "orders_core",
        "orders_contract",
        "orders_webhooks",
        "orders_aws",
        "orders_host",
        "orders_migration",
        "orders_tools",
    ),
}

# What the zip holds besides the standard library: its packages and the dependencies of pyproject.toml.
IN_THE_ZIP = {*ZIPPED, "msgspec"}

ENTRY_POINTS = (
    "orders_aws.handler",
    "orders_aws.smoke_test",
    *(f"orders_aws.consumers.{name}" for name in ("stream", "fulfilment", "notifications", "webhooks")),
)


def modules(*packages: str) -> list[str]:
    return sorted(
        ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")
        for package in packages
        for path in (SOURCES / package).rglob("*.py")
    )


EVERY_MODULE = frozenset(modules(*MAY_IMPORT))


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


def room(module: str) -> str:
    return module.split(".")[0]


def reached_from(*starts: str) -> set[str]:
    """The project's modules that importing these may bring in, with the packages around them."""
    reached: set[str] = set()
    pending = list(starts)
    while pending:
        module = pending.pop()
        if module in reached or module not in EVERY_MODULE:
            continue
        reached.add(module)
        pending += [*imports(module), module.rpartition(".")[0]]
    return reached


def test_every_folder_is_a_room() -> None:
    folders = {path.name for path in SOURCES.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert folders == set(MAY_IMPORT)


@pytest.mark.parametrize("module", sorted(EVERY_MODULE))
def test_arrows_point_one_way(module: str) -> None:
    rooms = {room(name) for name in imports(module)} & set(MAY_IMPORT)
    assert rooms <= {room(module), *MAY_IMPORT[room(module)]}


def test_no_two_packages_import_each_other() -> None:
    """Packages inside a room, too: `a.b` and `a.c`, or a package and a module beside it."""
    packages = {module for module in EVERY_MODULE if source_file(module).name == "__init__.py"}

    def package_of(module: str) -> str:
        while module and module not in packages:
            module = module.rpartition(".")[0]
        return module

    arrows: dict[str, set[str]] = {package: set() for package in packages}
    for module in EVERY_MODULE:
        here = package_of(module)
        targets = {package_of(name) for name in imports(module) if name in EVERY_MODULE}
        # A package's parent gathers its parts; an arrow up or down the tree is no cycle of its own.
        arrows[here] |= {to for to in targets if not (to.startswith(here) or here.startswith(to))}
    for start in packages:
        assert start not in _reachable(start, arrows), f"{start} is part of a cycle"


def _reachable(start: str, arrows: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = [*arrows[start]]
    while pending:
        package = pending.pop()
        if package not in found:
            found.add(package)
            pending += arrows[package]
    return found


@pytest.mark.parametrize("module", modules("orders_core"))
def test_the_core_does_no_input_or_output(module: str) -> None:
    """The clock and randomness come from the standard library, where they are not parameters."""
    reaches_out = {"io", "pathlib", "socket", "ssl", "http", "sqlite3", "logging", "botocore", "asyncio"}
    assert not reaches_out & {room(name) for name in imports(module)}


def test_the_zip_holds_no_module_that_no_entry_point_imports() -> None:
    assert set(modules(*ZIPPED)) - reached_from(*ENTRY_POINTS) == set()


@pytest.mark.parametrize("module", modules(*ZIPPED))
def test_the_zip_imports_only_what_it_carries(module: str) -> None:
    """Imports at the top of a module: one inside a function belongs to an optional part."""
    tree = ast.parse(source_file(module).read_text())
    names = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    foreign = {name.split(".")[0] for name in names} - IN_THE_ZIP - sys.stdlib_module_names
    assert not foreign


@pytest.mark.parametrize("module", modules("orders_host"))
def test_the_host_names_options_and_leaves_flags_to_the_command_line(module: str) -> None:
    tree = ast.parse(source_file(module).read_text())
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert not [text for text in texts if isinstance(text, str) and re.search(r"(^|[\s`(])--[a-z]", text)]
