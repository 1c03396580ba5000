"""The host's options as flags of a command and as the table of docs/host.md, which this module prints."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from orders_host.options import Option, declared
from orders_host.throttling import PLANS

F = TypeVar("F", bound=Callable[..., Any])

_LINK = re.compile(r" \(\[[^]]*\]\([^)]*\)\)")

HEADING = "| option | variable | default | what it does |\n|---|---|---|---|\n"


def flag(name: str) -> str:
    """How an option's name is written on the command line."""
    return "--" + name.replace("_", "-")


def host_options(*names: str) -> Callable[[F], F]:
    """Add the options of these names to a command, or all of them without names."""

    def add(command: F) -> F:
        # The option that is added last is shown first.
        for each in reversed([each for each in declared() if not names or each.name in names]):
            command = _click_option(each)(command)
        return command

    return add


def as_markdown() -> str:
    """The table of all options."""
    return HEADING + "".join(
        f"| `{flag(each.name)}` | `{each.variable}` | {_default(each)} | {each.about.help} |\n"
        for each in declared()
    )


def _quotas(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, int]:
    """Usage plans and numbers of requests, each as `PLAN=N`."""
    quotas: dict[str, int] = {}
    for text in texts:
        plan, _equals, number = text.partition("=")
        if plan not in PLANS or not number.isdecimal() or int(number) < 1:
            raise click.BadParameter(
                f"{text} is not known: write a plan ({', '.join(PLANS)}), = and a number."
            )
        quotas[plan] = int(number)
    return quotas


def _click_option(of: Option) -> Callable[[F], F]:
    help_ = _LINK.sub("", of.about.help).replace("`", "") + "."
    if of.kind is bool:
        return click.option(flag(of.name), is_flag=True, envvar=of.variable, help=help_)
    if of.kind is dict:
        return click.option(
            flag(of.name), multiple=True, metavar="PLAN=N", callback=_quotas, envvar=of.variable, help=help_
        )
    return click.option(
        flag(of.name),
        type=_type(of),
        default=of.default,
        show_default=of.default is not None,
        envvar=of.variable,
        help=help_,
    )


def _type(of: Option) -> click.IntRange | click.Path | None:
    if of.kind is int:
        return click.IntRange(of.about.least, of.about.most)
    if of.kind is Path:
        # What has a default is a directory that is made; a file without one must be there.
        made = of.default is not None
        return click.Path(path_type=Path, exists=not made, file_okay=not made, dir_okay=made)
    return None


def _default(of: Option) -> str:
    if of.kind is bool:
        return "off"
    return f"`{of.default}`" if of.default not in (None, {}) else of.about.unset


if __name__ == "__main__":
    click.echo(as_markdown(), nl=False)
