"""Makes the fixture of this release: `python -m tests.upgrades.make`. That of a released version stays.

A fixture is an archive of `orders backup` (VERSION.tar.gz), and what the API said of it (VERSION.json).
"""

import gzip
import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import httpx

from tests.hosts.own import MUGS, UNLIMITED, OwnHost, add_user, orders, own_host

FOLDER: Final = Path(__file__).parent
ANA: Final = "ana@example.com"
STAFF: Final = "staff@example.com"
IDEMPOTENCY_KEY: Final = "5f0c1d3e-2f5a-4a53-9a0b-6c9e1c0a7d11"
HOOK: Final = "https://shop.example.com/hook"
FULL: Final[dict[str, Any]] = {
    "items": [
        {"product_id": "B-7", "name": "Desk lamp", "quantity": 3, "unit_price": "49.99"},
        {"product_id": "C-4", "quantity": 1, "unit_price": "28.00"},
    ],
    "currency": "USD",
    "notes": "Ring twice — señora Núñez",
    "metadata": {"channel": "web", "ñ": "ü"},
    "external_reference": "PO-1",
    "contact": {"name": "Ana", "email": "ana@example.com", "phone": "+34600111222"},
    "shipping_address": {
        "lines": ["Calle Mayor 1", "2.º B"],
        "city": "Madrid",
        "country": "ES",
        "postal_code": "28013",
    },
    "billing_address": {"lines": ["Gran Vía 2"], "city": "Madrid", "country": "ES", "region": "Madrid"},
}


def make(folder: Path) -> dict[str, Any]:
    """Fill a data directory with one of everything, and return what the API answers about it."""
    add_user(folder, ANA)
    add_user(folder, STAFF, "staff")
    secret = json.loads(orders("key", "create", "shop", "--json", data_dir=folder))["secret"]
    with own_host(folder, *UNLIMITED) as host:
        told = _fill(host)
    orders("webhook", "add", HOOK, data_dir=folder)
    return {**told, "api_key": secret, "webhooks": [HOOK]}


def _fill(host: OwnHost) -> dict[str, Any]:
    with host.client(ANA) as ana, host.client(STAFF) as staff:
        plain = _done(ana.post("/v1/orders", json=MUGS, headers={"Idempotency-Key": IDEMPOTENCY_KEY}))
        full = _done(ana.post("/v1/orders", json=FULL))
        removed = _done(ana.post("/v1/orders", json=MUGS))
        assert ana.delete(f"/v1/orders/{removed['order_id']}").status_code == 204
        path = f"/v1/orders/{full['order_id']}"
        for number, status in enumerate(("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"), 1):
            answer = staff.put(path, json={**FULL, "status": status}, headers={"If-Match": f'"{number}"'})
            _done(answer)
        _done(ana.post(f"{path}/returns", json={"lines": [{"line": 1, "quantity": 2}], "reason": "broken"}))
        of_staff = _done(staff.post("/v1/orders", json=MUGS))
        ids = [plain["order_id"], full["order_id"]]
        return {
            "orders": [_done(ana.get(f"/v1/orders/{each}")) for each in ids],
            "events": {each: _done(ana.get(f"/v1/orders/{each}/events")) for each in ids},
            "deleted": removed["order_id"],
            "to_change": of_staff["order_id"],
        }


def _done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    document: dict[str, Any] = answer.json()
    return document


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        data, archive = Path(temporary) / "data", Path(temporary) / "backup.tar"
        answers = make(data)
        orders("backup", str(archive), data_dir=data)
        name = FOLDER / version("orders-api")
        Path(f"{name}.tar.gz").write_bytes(gzip.compress(archive.read_bytes(), mtime=0))
        Path(f"{name}.json").write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
