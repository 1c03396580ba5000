"""Newman, Postman's own runner for the command line."""

from tests.real_parts.npm import installed, node


def newman() -> list[str]:
    """The command that runs a collection.

    Raises:
        MissingPartError: there is no Node.js, or newman could not be fetched.
    """
    return [str(node()), str(installed("newman@6.2.2") / "newman" / "bin" / "newman.js")]
