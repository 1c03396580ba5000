"""`orders openapi`: the contract, whole or as API Gateway can import it."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--profile",
    type=click.Choice(["full", "gateway"]),
    default="full",
    show_default=True,
    help="full: openapi.yaml. gateway: a JSON template with API Gateway's extensions.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@click.option("--check", is_flag=True, help="Exit with 2 if the file of --output has another content.")
def openapi(profile: str, output: Path | None, check: bool) -> None:
    """Print the contract, built from the code."""
    text = _gateway() if profile == "gateway" else _full()
    if output is None:
        click.echo(text, nl=False)
    elif not check:
        output.write_text(text)
    elif not output.is_file() or output.read_text() != text:
        raise click.UsageError(f"{output} is not what the code says: write it anew with --output {output}.")


def _full() -> str:
    from orders_api import contract
    from orders_gateway.contract_text import as_yaml

    return as_yaml(contract.build())


def _gateway() -> str:
    import json

    from orders_api.contract import gateway_profile

    return json.dumps(gateway_profile.build(), indent=2) + "\n"
