"""The host's options: declared once, for the command line, the environment and the guide."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orders_cli.options import HEADING, as_markdown, flag, host_options
from orders_host.options import InvalidOption, Options, declared

GUIDE = Path(__file__).parents[2] / "docs" / "host.md"


@click.command()
@host_options()
def show(**given: object) -> None:
    click.echo(repr(Options(**given)))  # type: ignore[arg-type]


def test_every_field_is_an_option() -> None:
    assert tuple(each.name for each in declared()) == Options._fields


def test_without_flags_and_variables_the_defaults_hold() -> None:
    assert CliRunner().invoke(show, []).output.strip() == repr(Options())


@pytest.mark.parametrize("by_variable", [False, True])
def test_flags_and_variables_set_the_same(by_variable: bool) -> None:
    texts = {
        "host": "0.0.0.0",
        "port": "81",
        "data_dir": "elsewhere",
        "certfile": __file__,
        "daily_quota": "basic=7",
        "jwt_issuer": "https://id.example",
    }
    variables = {each.variable: texts[each.name] for each in declared() if each.name in texts}
    flags = [word for name, text in texts.items() for word in (flag(name), text)]
    ran = CliRunner().invoke(show, [] if by_variable else flags, env=variables if by_variable else None)
    expected = Options(
        host=texts["host"],
        port=81,
        data_dir=Path("elsewhere"),
        certfile=Path(__file__),
        daily_quota={"basic": 7},
        jwt_issuer=texts["jwt_issuer"],
    )
    assert ran.output.strip() == repr(expected)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--port", "65536"],
        ["--burst", "0"],
        ["--certfile", "/no/such/file"],
        ["--daily-quota", "gold=3"],
        ["--daily-quota", "basic=0"],
        ["--daily-quota", "basic=²"],
    ],
)
def test_values_out_of_bounds_are_refused_by_the_flag_s_name(wrong: list[str]) -> None:
    ran = CliRunner().invoke(show, wrong)
    assert ran.exit_code == 2
    assert wrong[0] in ran.output


def test_a_refusal_names_the_option_as_it_was_given() -> None:
    refusal = InvalidOption("go together.", jwt_issuer=None, data_dir=Path("data"))
    assert str(refusal) == "jwt_issuer and data_dir data go together."
    assert refusal.told(flag) == "--jwt-issuer and --data-dir data go together."


def test_the_guide_lists_every_option() -> None:
    """`python -m orders_cli.options` prints the table."""
    guide = GUIDE.read_text()
    start = guide.index(HEADING)
    assert guide[start : guide.index("\n\n", start) + 1] == as_markdown()


@pytest.mark.parametrize("url", ["https://shop.example", "http://127.0.0.1:8443/", "https://[::1]/a/b-c"])
def test_a_public_url_may_have_a_path(url: str) -> None:
    Options(public_url=url).check()


@pytest.mark.parametrize(
    "url",
    [
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://user@shop.example",
        "https://shop.example?x",
        "https://shop.example/a//b",
        "https://shop.example/../b",
        "https://shop.example/a b",
        "https://shop.example\n",
    ],
)
def test_any_other_public_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidOption) as refused:
        Options(public_url=url).check()
    assert "https://shop.example/api" in refused.value.told(flag)


def test_trusted_proxies_are_addresses_and_networks() -> None:
    Options(trusted_proxies="127.0.0.1, 10.0.0.0/8").check()
    with pytest.raises(InvalidOption) as refused:
        Options(trusted_proxies="proxy").check()
    assert refused.value.told(flag).startswith("--trusted-proxies proxy is not known: ")


@pytest.mark.parametrize(
    ("url", "path"), [(None, ""), ("https://shop.example/", ""), ("https://shop.example/a/b/", "/a/b")]
)
def test_the_root_path_is_the_public_url_s(url: str | None, path: str) -> None:
    assert Options(public_url=url).root_path == path
