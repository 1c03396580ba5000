"""The stack a user would otherwise pick for the host: FastAPI, SQLAlchemy 2, SQLite, PyJWT, uvicorn.

Written the way the documentation of each teaches it: a session and the caller by dependency injection, RS256
tokens verified with PyJWT, one ORM class a table, response models. SQLite is as durable as the host's: WAL,
synchronous FULL.

    python fastapi_app.py seed COUNT CUSTOMER    makes the database, prints the order ids
    uvicorn fastapi_app:app                      serves it
"""

import os
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import Depends, FastAPI, HTTPException, Query, Response, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, ForeignKey, Index, String, create_engine, event, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
)

DATABASE_URL = os.environ["DATABASE_URL"]
JWT_PUBLIC_KEY = cast(RSAPublicKey, load_pem_public_key(os.environ["JWT_PUBLIC_KEY"].encode()))
JWT_ISSUER = os.environ["JWT_ISSUER"]
JWT_AUDIENCE = os.environ["JWT_AUDIENCE"]

engine = create_engine(DATABASE_URL, pool_size=50, connect_args={"check_same_thread": False, "timeout": 30})
SessionLocal = sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine, "connect")
def set_pragmas(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


class OrderStatus(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


class Base(DeclarativeBase):
    pass


class OrderRow(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("customer_index", "customer_id", "created_at"),)

    order_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    total_amount: Mapped[int]
    notes: Mapped[str | None]
    details: Mapped[dict[str, str]] = mapped_column(JSON)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    items: Mapped[list["ItemRow"]] = relationship(order_by="ItemRow.position", cascade="all, delete-orphan")


class ItemRow(Base):
    __tablename__ = "items"

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(200))
    quantity: Mapped[int]
    unit_price: Mapped[int]


class Item(BaseModel):
    product_id: str = Field(min_length=1, max_length=64)
    name: str | None = Field(default=None, max_length=200)
    quantity: int = Field(ge=1, le=10_000)
    unit_price: Decimal = Field(ge=0, le=1_000_000, decimal_places=2)


class OrderInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[Item] = Field(min_length=1, max_length=100)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    notes: str | None = Field(default=None, max_length=1000)
    metadata: dict[str, str] = Field(default_factory=dict, max_length=20)


class Order(BaseModel):
    order_id: str
    customer_id: str
    status: OrderStatus
    currency: str
    items: list[Item]
    total_amount: Decimal
    notes: str | None
    metadata: dict[str, str]
    version: int
    created_at: datetime
    updated_at: datetime


class OrderPage(BaseModel):
    orders: list[Order]
    count: int


app = FastAPI(title="Orders")
bearer = HTTPBearer()


def get_session() -> Iterator[Session]:
    with SessionLocal() as session:
        yield session


def get_caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    try:
        claims = jwt.decode(
            credentials.credentials,
            JWT_PUBLIC_KEY,
            algorithms=["RS256"],
            issuer=JWT_ISSUER,
            audience=JWT_AUDIENCE,
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Invalid token") from error
    subject: str = claims["sub"]
    return subject


SessionDep = Annotated[Session, Depends(get_session)]
CallerDep = Annotated[str, Depends(get_caller)]


@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/v1/orders", status_code=status.HTTP_201_CREATED)
def create_order(order: OrderInput, session: SessionDep, caller: CallerDep, response: Response) -> Order:
    row = new_row(order, caller, datetime.now(UTC))
    session.add(row)
    session.commit()
    response.headers["Location"] = f"/v1/orders/{row.order_id}"
    return to_order(row)


@app.get("/v1/orders/{order_id}")
def get_order(order_id: str, session: SessionDep, caller: CallerDep) -> Order:
    row = session.get(OrderRow, order_id, options=[selectinload(OrderRow.items)])
    if row is None or row.customer_id != caller:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Order not found")
    return to_order(row)


@app.get("/v1/orders")
def list_orders(
    session: SessionDep,
    caller: CallerDep,
    customer_id: Annotated[str, Query(min_length=1, max_length=64)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> OrderPage:
    if customer_id != caller:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Not your orders")
    newest = (
        select(OrderRow)
        .where(OrderRow.customer_id == customer_id)
        .order_by(OrderRow.created_at.desc())
        .limit(limit)
        .options(selectinload(OrderRow.items))
    )
    orders = [to_order(row) for row in session.scalars(newest)]
    return OrderPage(orders=orders, count=len(orders))


def new_row(order: OrderInput, caller: str, now: datetime) -> OrderRow:
    items = [
        ItemRow(
            position=position,
            product_id=item.product_id,
            name=item.name,
            quantity=item.quantity,
            unit_price=int(item.unit_price * 100),
        )
        for position, item in enumerate(order.items)
    ]
    return OrderRow(
        order_id=str(uuid.uuid4()),
        customer_id=caller,
        status=OrderStatus.PENDING,
        currency=order.currency,
        total_amount=sum(item.quantity * item.unit_price for item in items),
        notes=order.notes,
        details=order.metadata,
        version=1,
        created_at=now,
        updated_at=now,
        items=items,
    )


def to_order(row: OrderRow) -> Order:
    return Order(
        order_id=row.order_id,
        customer_id=row.customer_id,
        status=OrderStatus(row.status),
        currency=row.currency,
        items=[
            Item(
                product_id=item.product_id,
                name=item.name,
                quantity=item.quantity,
                unit_price=Decimal(item.unit_price) / 100,
            )
            for item in row.items
        ],
        total_amount=Decimal(row.total_amount) / 100,
        notes=row.notes,
        metadata=row.details,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def seed(body: str, count: int, customer: str) -> None:
    order = OrderInput.model_validate_json(body)
    start = datetime.now(UTC) - timedelta(days=1)
    rows = [new_row(order, customer, start + timedelta(seconds=n)) for n in range(count)]
    with SessionLocal.begin() as session:
        session.add_all(rows)
    print("\n".join(row.order_id for row in rows))


Base.metadata.create_all(engine)

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["seed", count, customer]:
            seed(sys.stdin.read(), int(count), customer)
