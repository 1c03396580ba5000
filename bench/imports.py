"""Where a cold start goes: processes that only import, what the handler has and what it does without."""

import subprocess
import time
from pathlib import Path
from statistics import median

ROUNDS = 15

STEPS = {
    "an interpreter that does nothing": "pass",
    "msgspec": "import msgspec",
    "done without: Powertools Logger and Metrics": (
        "from aws_lambda_powertools import Logger; from aws_lambda_powertools.metrics import EphemeralMetrics"
    ),
    "TLS and HTTP (ssl, http.client)": "import ssl, http.client",
    "**the whole handler**, ready for its first event": "import orders_aws.handler",
    "done without: botocore's signer and HTTP session": "import botocore.auth, botocore.httpsession",
    "done without: boto3 and a DynamoDB client": "import boto3; boto3.client('dynamodb')",
    "done without: Powertools' resolver": (
        "from aws_lambda_powertools.event_handler import APIGatewayRestResolver;"
        "APIGatewayRestResolver(enable_validation=True)"
    ),
    "done without: pydantic": "from pydantic import BaseModel",
}


def measure(python: Path, environment: dict[str, str]) -> dict[str, float]:
    """Median seconds of each step, from the start of its process to its end; the steps take turns."""
    seconds: dict[str, list[float]] = {step: [] for step in STEPS}
    for _ in range(ROUNDS):
        for step, code in STEPS.items():
            began = time.perf_counter()
            subprocess.run([python, "-c", code], env=environment, check=True)
            seconds[step].append(time.perf_counter() - began)
    return {step: median(times) for step, times in seconds.items()}
