"""The function from the zip, as the tests of what is deployed have it."""

from tests.aws.conftest import orders_table, unpacked_zip

__all__ = ["orders_table", "unpacked_zip"]
