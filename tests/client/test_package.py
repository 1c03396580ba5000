"""The client stands alone: it brings neither the application nor its host along."""

import subprocess
import sys


def test_the_client_imports_httpx_msgspec_and_nothing_of_the_application() -> None:
    script = "import sys, orders_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert {"httpx", "msgspec"} <= set(loaded.split())
    assert not {"orders_core", "orders_host", "botocore", "boto3"} & set(loaded.split())
