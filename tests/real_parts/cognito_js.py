"""amazon-cognito-identity-js, the client that Amplify grew from."""

from tests.real_parts.npm import installed, node


def cognito_js() -> list[str]:
    """The program that runs a script with the client, and the client's folder.

    Raises:
        MissingPartError: there is no Node.js, or the client could not be fetched.
    """
    packages = installed("amazon-cognito-identity-js@6.3.21")
    return [str(node()), str(packages / "amazon-cognito-identity-js")]
