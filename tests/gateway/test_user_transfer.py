"""Users move from one pool to another with their passwords."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gateway.conftest import ANA, PASSWORD, Clock

from orders_host.database import Database
from orders_host.mail.mailbox import Mailbox
from orders_host.user_pool import UserPool, self_service
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.transfer import export_users, import_users


@pytest.fixture
def other(tmp_path: Path, clock: Clock) -> UserPool:
    return UserPool(Database(tmp_path / "other" / "gateway.db"), Mailbox(tmp_path / "mail"), clock=clock)


def changed(exported: bytes, **changes: object) -> bytes:
    (user,) = json.loads(exported)
    return json.dumps([user | changes]).encode()


def test_a_user_moves_with_sub_groups_and_password(pool: UserPool, other: UserPool) -> None:
    pool.add_to_group(ANA, "staff")
    assert import_users(other, export_users(pool)) == 1
    before, after = pool.user(ANA), other.user(ANA)
    assert (after.sub, after.groups, after.created_at) == (before.sub, ("staff",), before.created_at)
    assert self_service.sign_in(other, ANA, PASSWORD)
    assert other.user(ANA).srp_verifier, "it comes with the first sign-in"
    assert pool.audit.entries(1)[0].event == "users-exported"
    assert "imported" in [each.detail for each in other.audit.entries(100)]


def test_all_are_added_or_none(pool: UserPool, other: UserPool) -> None:
    other.add_user(ANA, PASSWORD)
    eva = json.loads(
        changed(export_users(pool), email="eva@example.com", sub="0" * 8 + "-0000" * 3 + "-" + "0" * 12)
    )
    both = json.dumps(eva + json.loads(export_users(pool))).encode()
    with pytest.raises(CognitoError, match="Nothing was imported"):
        import_users(other, both)
    assert [user.email for user in other.list_users()] == [ANA]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"password_hash": "plain"}, "password_hash"),
        ({"groups": ["staff,admin"]}, "groups"),
        ({"status": "ADMIN"}, "status"),
        ({"email": "nobody"}, "email"),
        ({"sub": "x"}, "sub"),
        ({"role": "staff"}, "role"),
    ],
)
def test_a_file_with_a_fault_is_refused(
    pool: UserPool, other: UserPool, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(CognitoError, match=says):
        import_users(other, changed(export_users(pool), **changes))
    assert other.list_users() == []


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[1]"])
def test_another_file_is_refused(other: UserPool, content: bytes) -> None:
    with pytest.raises(CognitoError, match="not a file that `orders user export` wrote"):
        import_users(other, content)
