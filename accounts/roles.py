"""Who someone is on this site: the four roles, read from Django groups of the same names."""

from __future__ import annotations

from enum import StrEnum

from django.contrib.auth.models import AnonymousUser

from accounts.models import User


class Role(StrEnum):
    """A role; the value is the name of its group."""

    USER = "user"
    PREMIUM = "premium"
    MODERATOR = "moderator"
    ADMIN = "admin"


STAFF_ROLES = frozenset({Role.MODERATOR, Role.ADMIN})
_BY_RANK = (Role.ADMIN, Role.MODERATOR, Role.PREMIUM, Role.USER)


def roles_of(user: User | AnonymousUser) -> frozenset[Role]:
    """Return every role that ``user`` acts in, in one query.

    An active account is always a user, a superuser is always an admin, an admin is always a moderator.
    A visitor and an inactive account have no role.
    """
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    known = {role.value for role in Role}
    held = {Role(name) for name in user.groups.values_list("name", flat=True) if name in known}
    if user.is_superuser:
        held.add(Role.ADMIN)
    if Role.ADMIN in held:
        held.add(Role.MODERATOR)
    return frozenset(held | {Role.USER})


def has_role(user: User | AnonymousUser, role: Role) -> bool:
    """Whether ``user`` acts in ``role``."""
    return role in roles_of(user)


def is_moderator(user: User | AnonymousUser) -> bool:
    """Whether ``user`` may look after other people's jobs; admins may."""
    return has_role(user, Role.MODERATOR)


def is_admin(user: User | AnonymousUser) -> bool:
    """Whether ``user`` may give roles and run the site; superusers may."""
    return has_role(user, Role.ADMIN)


def highest_role(user: User | AnonymousUser) -> Role | None:
    """Return the role that decides limits, ``None`` for a visitor."""
    held = roles_of(user)
    return next((role for role in _BY_RANK if role in held), None)
