"""`orders completion`: what a shell needs to complete commands, options and their values."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    r"""Print the script that lets a SHELL complete what is typed.

    \b
    eval "$(orders completion bash)"               in ~/.bashrc, or zsh in ~/.zshrc
    orders completion fish > ~/.config/fish/completions/orders.fish
    """
    program = context.find_root()
    name = program.info_name or "orders"
    found = get_completion_class(shell)
    assert found is not None
    # The variable is click's own: with it set, the program answers a shell and does nothing else.
    click.echo(found(program.command, {}, name, f"_{name.upper()}_COMPLETE".replace("-", "_")).source())
