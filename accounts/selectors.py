"""Reads about accounts."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.models import User, UserManager
from accounts.roles import Role


def active_user(user_id: str | uuid.UUID) -> User | None:
    """Return the account with this id if it can act, else ``None``; a malformed id is nobody's."""
    try:
        return User.objects.filter(pk=user_id, is_active=True).first()
    except ValidationError:
        return None


def is_email_taken(email: str) -> bool:
    """Whether an account has ``email``, in any spelling, as its own or as another proved address."""
    email = UserManager.normalize_email(email)
    if User.objects.filter(email=email).exists():
        return True
    return EmailAddress.objects.filter(email=email, verified=True).exists()


def has_verified_email(user: User) -> bool:
    """Whether ``user`` has opened the link in a confirmation mail to the present address."""
    return EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()


def admins() -> QuerySet[User]:
    """Return everyone who can run the site now."""
    return User.objects.filter(Q(is_superuser=True) | Q(groups__name=Role.ADMIN), is_active=True).distinct()
