"""The API's JSON web tokens: a short-lived access token and a refresh token that is used once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.errors import TokenExpired, TokenInvalid
from accounts.models import User
from accounts.selectors import active_user


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client keeps: ``access`` goes into each request, ``refresh`` buys the next pair, once."""

    access: str
    refresh: str


def issue_tokens(user: User) -> TokenPair:
    """Return a new pair for ``user``."""
    refresh = RefreshToken.for_user(user)
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def user_of_access_token(token: str) -> User:
    """Return whose access token this is.

    Raises:
        TokenExpired: it was good once.
        TokenInvalid: anything else is wrong with it, or with its account.
    """
    return _owner_of(_verified(AccessToken, token))


def rotate_tokens(refresh: str) -> TokenPair:
    """Take ``refresh`` out of use and return a new pair.

    Raises:
        TokenExpired: it was good once.
        TokenInvalid: it is not a refresh token of ours, was used before, or its account cannot act.
    """
    token = _verified(RefreshToken, refresh)
    user = _owner_of(token)
    with transaction.atomic():
        _, is_first_use = token.blacklist()
        if not is_first_use:  # two requests raced with the same token
            raise TokenInvalid
        return issue_tokens(user)


def revoke_token(refresh: str) -> None:
    """Take ``refresh`` out of use; raises TokenExpired or TokenInvalid when it already is."""
    _verified(RefreshToken, refresh).blacklist()


def revoke_all_tokens(user: User) -> None:
    """Take every refresh token of ``user`` out of use."""
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in OutstandingToken.objects.filter(user=user)],
        ignore_conflicts=True,
    )


def _verified(kind: type[Token], token: str) -> Token:
    try:
        return kind(token)
    except ExpiredTokenError as error:
        raise TokenExpired from error
    except TokenError as error:
        raise TokenInvalid from error


def _owner_of(token: Token) -> User:
    user = active_user(str(token.get(api_settings.USER_ID_CLAIM, "")))
    if user is None:
        raise TokenInvalid
    # A token carries a digest of the password hash: a new password ends every token issued before it.
    if token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise TokenInvalid
    return user
