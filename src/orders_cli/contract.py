"""`orders openapi`: the contract, whole, as API Gateway can import it, or as a Postman collection."""

from pathlib import Path

import click


def _full() -> str:
    import orders_contract as contract
    from orders_host.contract_text import as_yaml

    return as_yaml(contract.build())


def _gateway() -> str:
    from orders_contract import gateway_import, gateway_profile

    template = gateway_profile.build()
    faults = gateway_import.check(gateway_profile.fill(template, gateway_profile.EXAMPLE_VALUES))
    if faults:
        raise click.UsageError(f"API Gateway would not import it as it is. {faults[0]}")
    return _as_json(template)


def _postman() -> str:
    from orders_contract import postman

    return _as_json(postman.build())


def _postman_environment() -> str:
    from orders_contract import postman

    return _as_json(postman.environment())


def _as_json(document: object) -> str:
    import json

    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


_PROFILES = {
    "full": _full,
    "gateway": _gateway,
    "postman": _postman,
    "postman-environment": _postman_environment,
}


@click.command()
@click.option(
    "--profile",
    type=click.Choice(list(_PROFILES)),
    default="full",
    show_default=True,
    help="full: openapi.yaml. gateway: a JSON template with API Gateway's extensions. postman: a collection,"
    " postman-environment: its variables for `make run`.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@click.option("--check", is_flag=True, help="Exit with 2 if the file of --output has another content.")
def openapi(profile: str, output: Path | None, check: bool) -> None:
    """Print the contract, built from the code."""
    text = _PROFILES[profile]()
    if output is None:
        click.echo(text, nl=False)
    elif not check:
        output.write_text(text)
    elif not output.is_file() or output.read_text() != text:
        raise click.UsageError(f"{output} is not what the code says: write it anew with --output {output}.")
