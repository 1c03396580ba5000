"""What is written about the project: links lead somewhere, the two READMEs agree, nothing is left unsaid."""

import re
import subprocess
from pathlib import Path

import click
import pytest

import orders_contract as contract
from orders_cli.commands import orders
from orders_core import problems
from tests.docs.markdown import anchors, blocks, headings, links
from tests.docs.newcomer import ROOT

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
            first, *rest = path.replace("{order_id}", "\n").replace("{return_id}", "\n").split("\n")
            assert f"{method.upper()} {{{{base_url}}}}{first}" in requests
            assert all(part in requests for part in rest)
