"""What is written about the project: links lead somewhere, the two READMEs agree, nothing is left unsaid."""

import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

import orders_contract as contract
from orders_cli.commands import orders
from orders_core import problems
from tests.docs.markdown import anchors, blocks, headings, links
from tests.docs.newcomer import ROOT
from tests.unit.test_architecture import MAY_IMPORT

DOCUMENTS = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    if (ROOT / name).is_file()
)
ARCHITECTURE = ROOT / "docs" / "architecture.md"
CHANGES = ROOT / "CHANGELOG.md"
TOP_FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir()} - {".venv", "build", "data", "dist"}
README, README_ES, GUIDE = ROOT / "README.md", ROOT / "README.es.md", ROOT / "docs" / "api.md"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(document: Path) -> None:
    for link in links(document):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link}: there is no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_in_the_text_exists(document: Path) -> None:
    for code in re.findall(r"`([^`\n]+)`", document.read_text()):
        first, slash, _ = code.partition("/")
        assert not first.startswith("orders_") or not slash, f"{code}: write it from the repository's root"
        if slash and first in TOP_FOLDERS and not re.search(r"[\s*{<…]", code):
            assert (ROOT / code).exists(), f"{code} does not exist"


def test_the_architectures_table_of_rooms_is_the_one_that_is_tested() -> None:
    """`MAY_IMPORT` in tests/unit/test_architecture.py; a dash stands for no room."""
    rows = re.findall(
        r"^\| `src/orders_(\w+)/` \|[^|]*\| ([^|]*) \|$", ARCHITECTURE.read_text(), re.MULTILINE
    )
    told = {room: {name for name in imports.split(", ") if name != "–"} for room, imports in rows}
    assert told == {
        room.removeprefix("orders_"): {name.removeprefix("orders_") for name in allowed}
        for room, allowed in MAY_IMPORT.items()
    }


def test_the_glossary_is_in_alphabetical_order_and_explains_each_term_once() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    terms = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)[1:]
    assert terms == sorted(set(terms), key=str.lower)


def test_the_index_of_decisions_lists_each_by_its_title() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    listed = {name: title for title, name in re.findall(r"^- \[(.+)\]\(([\w-]+\.md)\)$", index, re.MULTILINE)}
    titles = {
        path.name: path.read_text().partition("\n")[0].removeprefix("# ")
        for path in (ROOT / "docs" / "decisions").glob("*.md")
        if path.name != "README.md"
    }
    assert listed == titles


@pytest.mark.parametrize("readme", [README, README_ES])
def test_the_readmes_layout_names_every_package(readme: Path) -> None:
    packages = {path.name for path in (ROOT / "src").iterdir() if (path / "__init__.py").is_file()}
    assert set(re.findall(r"`src/(\w+)/`", readme.read_text())) == packages


def test_the_two_readmes_have_the_same_structure() -> None:
    assert [level for level, _ in headings(README)] == [level for level, _ in headings(README_ES)]
    assert len(links(README)) == len(links(README_ES))


def test_the_two_readmes_have_the_same_commands() -> None:
    assert blocks(README) == blocks(README_ES)


def test_every_option_of_the_host_is_documented() -> None:
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    options = [option for option in orders.commands["serve"].params if isinstance(option, click.Option)]
    for option in options:
        names = [*option.opts[:1], option.envvar] if option.envvar else option.opts[:1]
        for name in names:
            assert f"`{name}" in text, f"{name} is documented nowhere"


def test_the_changes_name_the_version_of_the_package_first() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (\S+), (unreleased|\d{4}-\d{2}-\d{2})\n+(.+)", CHANGES.read_text(), re.MULTILINE)
    assert newest, "CHANGELOG.md has no heading such as `## 0.1.0, unreleased` with an entry below it"
    assert newest[1] == version


def test_every_make_target_of_the_readme_exists() -> None:
    targets = {
        line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if "##" in line
    }
    named = re.findall(r"(?:^|`)make ([a-z-]+)", README.read_text(), re.MULTILINE)
    assert set(named) <= targets


def test_every_problem_is_in_the_guide() -> None:
    text = GUIDE.read_text()
    for kind in problems.KINDS:
        assert f"| `{kind.slug}` | {kind.status} |" in text


def test_every_operation_has_an_example_in_the_guide_and_among_the_requests() -> None:
    requests = (ROOT / "docs" / "requests.http").read_text()
    for path, operations in contract.build()["paths"].items():
        for method in operations.keys() - {"parameters"}:
            first, *rest = (
                path.replace("{order_id}", "\n")
                .replace("{return_id}", "\n")
                .replace("{payment_id}", "\n")
                .replace("{customer}", "\n")
                .replace("{webhook_id}", "\n")
                .split("\n")
            )
            assert f"{method.upper()} {{{{base_url}}}}{first}" in requests
            assert all(part in requests for part in rest)


RIDDLES = re.compile(r"\b(nobody|whoever|everybody|anybody|somebody)\b", re.IGNORECASE)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_sentences_name_who_acts(room: str) -> None:
    """Words that make the reader guess who is meant: write the caller, the client, the customer instead."""
    for path in (ROOT / "src" / room).rglob("*.py"):
        found = RIDDLES.findall(path.read_text())
        assert not found, f"{path.relative_to(ROOT)}: {found}"
