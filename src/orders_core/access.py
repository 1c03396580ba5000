"""Who may do what: the token's claims become a caller, and a table says what that caller may do."""

from collections.abc import Mapping

from msgspec import Struct

from orders_core.models import NotAllowed, Order, OrderNotFound, OrderStatus
from orders_core.permissions import GROUPS, NEEDED, OF_CUSTOMERS, Permission

_EDITABLE_BY_CUSTOMERS = (OrderStatus.PENDING,)
_EDITABLE_BY_THE_SHOP = (OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PROCESSING)


class Role(Struct, frozen=True):
    """What a kind of caller may do to the orders it can see: a customer's own, or for the shop all."""

    permissions: frozenset[Permission]
    is_shop: bool = True

    @property
    def settable(self) -> tuple[OrderStatus, ...]:
        """The statuses that may be set."""
        return tuple(OrderStatus) if Permission.ORDERS_MOVE in self.permissions else (OrderStatus.CANCELLED,)

    @property
    def editable_in(self) -> tuple[OrderStatus, ...]:
        """The statuses in which the content may be changed."""
        if Permission.ORDERS_WRITE not in self.permissions:
            return ()
        return _EDITABLE_BY_THE_SHOP if self.is_shop else _EDITABLE_BY_CUSTOMERS


CUSTOMER = Role(OF_CUSTOMERS, is_shop=False)
STAFF = Role(GROUPS["staff"])


class Caller(Struct, frozen=True):
    """The user whom the token names, and what that user may do."""

    sub: str
    role: Role

    @property
    def owner(self) -> str | None:
        """The only customer whose orders the caller may read and write; None for the orders of all."""
        return None if self.role.is_shop else self.sub

    @property
    def sees_internal(self) -> bool:
        """Whether the caller reads what staff writes for staff only."""
        return self.role.is_shop


def caller_from(claims: Mapping[str, str]) -> Caller:
    """The caller of a request.

    Args:
        claims: `requestContext.authorizer.claims`: the ID token's claims, all of them strings.

    Raises:
        KeyError: there is no `sub`, or it is not an ID token.
    """
    if claims.get("token_use", "id") != "id":
        raise KeyError("token_use")
    granted = [GROUPS[name] for name in _groups(claims.get("cognito:groups", "")) if name in GROUPS]
    role = Role(frozenset().union(*granted)) if granted else CUSTOMER
    return Caller(sub=claims["sub"], role=role)


def require_permission(caller: Caller, operation: str) -> None:
    """Pass if the caller has a permission that is enough for an operation.

    Raises:
        NotAllowed: it has none. Nothing of the request was looked at, so nothing of any order is revealed.
    """
    needed = NEEDED[operation]
    if caller.role.permissions.isdisjoint(needed):
        raise NotAllowed(f"This needs the permission {' or '.join(needed)}.", needed)


def customer_for(caller: Caller, requested: str | None) -> str:
    """The customer that a new order is for: the one asked for, or the caller.

    Raises:
        NotAllowed: a customer names another customer.
    """
    if requested is None or requested == caller.sub:
        return caller.sub
    if caller.owner is not None:
        raise NotAllowed("You may create and list your own orders only; leave customer_id out.")
    return requested


def listing_scope(caller: Caller, requested: str | None) -> str | None:
    """Whose orders a listing shows: the customer asked for, or whatever the caller may see (None: all).

    Raises:
        NotAllowed: a customer asks for the orders of another.
    """
    return caller.owner if requested is None else customer_for(caller, requested)


def require_visible(order: Order | None, caller: Caller, order_id: str) -> Order:
    """The order, if the caller may see it.

    Raises:
        OrderNotFound: it does not exist or belongs to another customer. Both get the same answer, so that
            the existence of other customers' orders is not revealed.
    """
    if order is None or caller.owner not in (None, order.customer_id):
        raise OrderNotFound(order_id)
    return order


def _groups(claim: str) -> list[str]:
    # API Gateway flattens the list: "a,b" from a Cognito authorizer, "[a b]" from a JWT authorizer.
    return claim.strip("[]").replace(",", " ").split()
