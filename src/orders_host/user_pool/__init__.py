"""A user pool that speaks Amazon Cognito's API, kept in gateway.db."""

from orders_host.user_pool.cognito import CognitoEndpoint, CognitoReply
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.passwords import generate_password
from orders_host.user_pool.pool import UserPool
from orders_host.user_pool.store import User, UserStatus
from orders_host.user_pool.tokens import Tokens

__all__ = [
    "CognitoEndpoint",
    "CognitoError",
    "CognitoReply",
    "Tokens",
    "User",
    "UserPool",
    "UserStatus",
    "generate_password",
]
