"""Accounts on the admin pages: moderators look, admins change accounts and give roles."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import services
from accounts.core.errors import DrumError
from accounts.models import User
from accounts.roles import Role, is_admin, roles_of

GIVEN_ROLES = (Role.PREMIUM, Role.MODERATOR, Role.ADMIN)


class UserCreationForm(AdminUserCreationForm):
    """A new account, by e-mail address."""

    class Meta:
        model = User
        fields = ("email", "display_name")
        field_classes = {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Moderators see accounts; admins change them and give roles.

    An account is closed, never deleted here: what it owns would go with it, and retention sees to that.
    """

    add_form = UserCreationForm
    list_display = ("email", "display_name", "roles", "is_active", "jobs_held", "date_joined", "last_login")
    list_filter = ("groups", "is_active", "jobs_held", "is_superuser")
    search_fields = ("email", "display_name", "id")
    ordering = ("-date_joined",)
    filter_horizontal = ()
    readonly_fields = (
        "id",
        "email",
        "roles",
        "is_staff",
        "is_superuser",
        "jobs_held",
        "jobs_held_reason",
        "date_joined",
        "last_login",
        "deleted_at",
    )
    fieldsets = (
        (None, {"fields": ("id", "email", "display_name", "password")}),
        ("Roles", {"fields": ("roles", "is_staff", "is_superuser", "is_active")}),
        ("Jobs", {"fields": ("jobs_held", "jobs_held_reason")}),
        ("Dates", {"fields": ("date_joined", "last_login", "deleted_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "display_name", "usable_password", "password1", "password2")}),
    )
    actions = ("close_accounts",)

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        held = roles_of(user)
        return ", ".join(role.value for role in Role if role in held) or "none"

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if obj is None:
            return tuple(field for field in self.readonly_fields if field != "email")
        return self.readonly_fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Admins; a superuser's account is changed by superusers alone, or an admin could take it over."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return is_admin(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """Ask who may give roles and close accounts."""
        return is_admin(request.user)

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Callable[..., None], str, str]]:
        actions = super().get_actions(request)
        if self.has_administer_permission(request):
            for role in GIVEN_ROLES:
                actions[f"grant_{role.value}"] = (
                    _granting(role),
                    f"grant_{role.value}",
                    f"Give the role {role.value}",
                )
            for role in GIVEN_ROLES:
                actions[f"revoke_{role.value}"] = (
                    _revoking(role),
                    f"revoke_{role.value}",
                    f"Take the role {role.value}",
                )
        return actions

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            services.give_first_role(user=obj)

    @admin.action(description="Close accounts (forgets the person)", permissions=["administer"])
    def close_accounts(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            if not self.has_change_permission(request, user):
                self.message_user(
                    request, f"{user}: only a superuser may close this account.", messages.ERROR
                )
                continue
            self.act(
                request, user, lambda user=user: services.close_account(user=user), "Closed the account."
            )

    def act(self, request: HttpRequest, user: User, act: Callable[[], object], record: str) -> None:
        """Do one thing to one account; leave a line in its history, or say why it was refused."""
        name = str(user)
        try:
            act()
        except DrumError as error:
            self.message_user(request, f"{name}: {error} {error.hint}".strip(), messages.ERROR)
            return
        self.log_change(request, user, record)
        self.message_user(request, f"{name}: {record}", messages.SUCCESS)


def _granting(role: Role) -> Callable[[UserAdmin, HttpRequest, QuerySet[User]], None]:
    def grant(page: UserAdmin, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            page.act(
                request,
                user,
                lambda user=user: services.grant_role(user=user, role=role, by=request.user),
                f"Gave the role {role.value}.",
            )

    return grant


def _revoking(role: Role) -> Callable[[UserAdmin, HttpRequest, QuerySet[User]], None]:
    def revoke(page: UserAdmin, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            page.act(
                request,
                user,
                lambda user=user: services.revoke_role(user=user, role=role, by=request.user),
                f"Took the role {role.value}.",
            )

    return revoke


# The four groups are the roles: renaming one here would take the role from everybody. The token tables hold
# whole refresh tokens, which nobody has to see.
admin.site.unregister([Group, OutstandingToken, BlacklistedToken])

# The same door for everyone, with its limits on wrong passwords.
admin.site.login = secure_admin_login(admin.site.login)
