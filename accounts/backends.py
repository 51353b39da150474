"""What each role may do on the admin pages, decided in code rather than by rows that must be kept in step."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.db.models import Model

from accounts.models import User
from accounts.roles import Role, roles_of

# A moderator looks after what people send: sees and changes it. What a single admin page leaves unchangeable
# (accounts, hits, notations) is that page's own decision.
MODERATOR_ACTIONS = frozenset({"view", "change"})


class RoleBackend(BaseBackend):
    """Grants permissions by role; authenticates nobody.

    Admins have every permission. Moderators may see and change the rows of the project's own apps.
    """

    def has_perm(self, user_obj: User, perm: str, obj: Model | None = None) -> bool:
        app_label, _, codename = perm.partition(".")
        roles = _cached_roles(user_obj)
        if Role.ADMIN in roles:
            return True
        return (
            Role.MODERATOR in roles
            and app_label in project_apps()
            and codename.partition("_")[0] in MODERATOR_ACTIONS
        )

    def has_module_perms(self, user_obj: User, app_label: str) -> bool:
        roles = _cached_roles(user_obj)
        return Role.ADMIN in roles or (Role.MODERATOR in roles and app_label in project_apps())


def project_apps() -> frozenset[str]:
    """Return the labels of the apps that lie at the top of this repository."""
    return frozenset(
        config.label for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR
    )


def _cached_roles(user: User) -> frozenset[Role]:
    """Read the roles once a request, as Django's own backend does: an admin page asks some thirty times."""
    if not hasattr(user, "_role_cache"):
        user._role_cache = roles_of(user)
    cached: frozenset[Role] = user._role_cache
    return cached
