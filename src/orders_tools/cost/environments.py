"""What of infra/ costs money whatever the requests; tests/infra holds it equal to Terraform's plans."""

from typing import Final, NamedTuple

API_MEMORY_MB: Final = 512
CONSUMER_MEMORY_MB: Final = 256
QUEUES: Final = 3


class Environment(NamedTuple):
    """`warm_instance_hours` are those of provisioned concurrency in a month of 730 hours."""

    alarms: int
    traced_share: float
    firewall_rules: int = 0
    own_key: bool = False
    backup: bool = False
    warm_instance_hours: float = 0.0


ENVIRONMENTS: Final = {
    "dev": Environment(alarms=19, traced_share=1.0),
    "preprod": Environment(
        alarms=19, traced_share=0.2, firewall_rules=4, own_key=True, warm_instance_hours=730
    ),
    "prod": Environment(
        alarms=19,
        traced_share=0.05,
        firewall_rules=4,
        own_key=True,
        backup=True,
        # Two instances always, five from 7:30 to 21:00 on the 21.7 working days of a month.
        warm_instance_hours=2 * 730 + 3 * 13.5 * 21.7,
    ),
}
