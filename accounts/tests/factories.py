"""Accounts for tests, of every app: ``UserFactory()``, ``UserFactory(moderator=True)``."""

from __future__ import annotations

from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.roles import STAFF_ROLES, Role

PASSWORD = "paradiddle-diddle-9"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """An active account with a confirmed address, in the role ``user`` and those asked for."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        premium = False
        moderator = False
        admin = False

    email = factory.Sequence(lambda number: f"drummer{number}@example.org")
    display_name = "Drummer"
    password = PASSWORD
    roles = factory.LazyAttribute(
        lambda wanted: (
            Role.USER,
            *([Role.PREMIUM] if wanted.premium else []),
            *([Role.MODERATOR] if wanted.moderator else []),
            *([Role.ADMIN] if wanted.admin else []),
        )
    )

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **fields: Any) -> User:
        roles = tuple(fields.pop("roles"))
        fields.setdefault("is_staff", bool(STAFF_ROLES & set(roles)))
        user = User.objects.create_user(**fields)
        user.groups.set([Group.objects.get_or_create(name=role.value)[0] for role in roles])
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user
