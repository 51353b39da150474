"""How a request, or a websocket's first message, says who sends it."""

from __future__ import annotations

from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication as SimpleJWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed as MalformedHeader

from accounts.errors import TokenExpired, TokenInvalid
from accounts.models import User
from accounts.tokens import user_of_access_token


class JWTAuthentication(SimpleJWTAuthentication):
    """``Authorization: Bearer ACCESS``; else 401 ``token_invalid`` or ``token_expired``."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        header = self.get_header(request)
        if header is None:
            return None
        try:
            raw_token = self.get_raw_token(header)
            if raw_token is None:
                return None
            token = raw_token.decode("ascii", errors="replace")
            return user_of_access_token(token), token
        except MalformedHeader as error:
            raise AuthenticationFailed(TokenInvalid.message, code=TokenInvalid.code) from error
        except (TokenExpired, TokenInvalid) as error:
            raise AuthenticationFailed(str(error), code=error.code) from error


def user_from_access_token(token: str) -> User | None:
    """Return whose access token this is, or ``None`` when it is wrong, expired, or its account cannot act.

    For the first message on a websocket. It reads the database: call it through ``database_sync_to_async``.
    """
    try:
        return user_of_access_token(token)
    except (TokenExpired, TokenInvalid):
        return None
