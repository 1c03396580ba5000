"""What the architecture document estimates, to stand beside the bill: AWS's dollars, written as euros."""

from typing import Final

PER_MILLION_REQUESTS: Final = {
    "API Gateway": 3.50,
    "Lambda": 1.00,
    # Of 10,000 reads and 10,000 writes it says 0.50.
    "DynamoDB": 25.00,
}
PER_MONTH: Final = {"CloudWatch": 1.00, "Cognito": 0.00}


def estimate(requests: int) -> dict[str, float]:
    """By component, for these requests a month."""
    return {name: usd * requests / 1_000_000 for name, usd in PER_MILLION_REQUESTS.items()} | PER_MONTH
