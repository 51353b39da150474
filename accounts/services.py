"""What people ask to be done with accounts: sign up, log in, change, close, give roles, hold jobs."""

from __future__ import annotations

import structlog
from allauth.account import app_settings as allauth_settings
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, update_last_login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import tokens
from accounts.errors import (
    AccountDisabled,
    EmailNotVerified,
    EmailTaken,
    InvalidCredentials,
    InvalidEmail,
    LastAdmin,
    NotAllowed,
    TooManyAttempts,
    WeakPassword,
    WrongPassword,
)
from accounts.models import User, UserManager
from accounts.roles import STAFF_ROLES, Role, is_admin, is_moderator, roles_of
from accounts.selectors import admins, has_verified_email, is_email_taken

log = structlog.get_logger(__name__)


def register(*, email: str, password: str, display_name: str = "", email_is_verified: bool = False) -> User:
    """Open an account in the role ``user``; a confirmation mail follows unless the address is known good.

    Raises:
        InvalidEmail: nobody could be reached there.
        EmailTaken: somebody has the address, in this or another spelling.
        WeakPassword: the password rules refuse it; ``details["reasons"]`` says why.
    """
    email = UserManager.normalize_email(email)
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidEmail from error
    if is_email_taken(email):
        raise EmailTaken
    _refuse_weak(password, User(email=email, display_name=display_name))
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, display_name=display_name.strip())
            address = EmailAddress.objects.create(
                user=user, email=email, primary=True, verified=email_is_verified
            )
            give_first_role(user=user)
            if not email_is_verified and _verification() != "none":
                # The account stands even when the mail cannot go out; the account page sends it again.
                transaction.on_commit(lambda: _send_confirmation(address), robust=True)
    except IntegrityError as error:  # somebody took the address since we looked
        raise EmailTaken from error
    log.info("account_opened", user_id=str(user.pk))
    return user


def give_first_role(*, user: User) -> None:
    """Put a new account into the role that everybody has."""
    user.groups.add(_group(Role.USER))


def check_credentials(*, email: str, password: str, request: HttpRequest) -> User:
    """Return whose address and password these are; ``request`` is who gets limited after wrong guesses.

    Raises:
        InvalidCredentials: one of the two is wrong; which one is not said.
        AccountDisabled: both are right, the account is switched off.
        EmailNotVerified: both are right, and this site wants the address proved first.
        TooManyAttempts: too many wrong guesses for this address, or from this place.
    """
    try:
        # allauth's own check, so that wrong guesses on the page and on the API count together.
        user = get_adapter().authenticate(
            request, email=UserManager.normalize_email(email), password=password
        )
    except ValidationError as error:
        raise TooManyAttempts from error
    if user is None:
        raise InvalidCredentials
    if not user.is_active:
        raise AccountDisabled
    if is_waiting_for_confirmation(user=user):
        raise EmailNotVerified
    update_last_login(None, user)
    return user


def is_waiting_for_confirmation(*, user: User) -> bool:
    """Whether ``user`` must open the link in the confirmation mail before logging in."""
    return _verification() == "mandatory" and not has_verified_email(user)


def change_profile(*, user: User, display_name: str) -> User:
    """Change what the pages call ``user``; an empty name falls back to the e-mail address."""
    user.display_name = display_name.strip()
    user.save(update_fields=["display_name"])
    return user


def change_password(*, user: User, current: str, new: str) -> None:
    """Give ``user`` another password, which ends all their sessions and tokens.

    Raises:
        WrongPassword: ``current`` is not the password.
        WeakPassword: the password rules refuse ``new``; ``details["reasons"]`` says why.
    """
    if not user.check_password(current):
        raise WrongPassword
    _refuse_weak(new, user)
    user.set_password(new)
    user.save(update_fields=["password"])
    log.info("password_changed", user_id=str(user.pk))


def delete_own_account(*, user: User, password: str) -> None:
    """Close ``user``'s account at their own wish; raises WrongPassword, LastAdmin."""
    if not user.check_password(password):
        raise WrongPassword
    close_account(user=user)


@transaction.atomic
def close_account(*, user: User) -> None:
    """Forget the person and lock the account.

    Name, address, password, roles, sessions and tokens go at once. The row stays, marked ``deleted_at``, so
    that what it owns can be deleted by retention and what moderators did stays explained. The address is
    free for a new account.

    Raises:
        LastAdmin: nobody would be left to run the site.
    """
    if is_admin(user) and not admins().exclude(pk=user.pk).exists():
        raise LastAdmin
    tokens.revoke_all_tokens(user)
    EmailAddress.objects.filter(user=user).delete()
    user.groups.clear()
    user.email = f"deleted-{user.pk}@deleted.invalid"
    user.display_name = ""
    user.set_unusable_password()  # also ends every session: they carry a digest of the password hash
    user.is_active = user.is_staff = user.is_superuser = False
    user.deleted_at = timezone.now()
    user.save()
    log.info("account_closed", user_id=str(user.pk))


@transaction.atomic
def grant_role(*, user: User, role: Role, by: User) -> None:
    """Put ``user`` into ``role``; moderators and admins may open the admin pages.

    Raises:
        NotAllowed: only admins give roles.
    """
    if not is_admin(by):
        raise NotAllowed
    user.groups.add(_group(role))
    _follow_roles(user)
    log.info("role_granted", user_id=str(user.pk), role=role.value, by=str(by.pk))


@transaction.atomic
def revoke_role(*, user: User, role: Role, by: User) -> None:
    """Take ``role`` from ``user``; the role ``user`` stays as long as the account is active.

    Raises:
        NotAllowed: only admins take roles.
        LastAdmin: nobody would be left to run the site.
    """
    if not is_admin(by):
        raise NotAllowed
    if (
        role is Role.ADMIN
        and is_admin(user)
        and not user.is_superuser
        and not admins().exclude(pk=user.pk).exists()
    ):
        raise LastAdmin
    user.groups.remove(_group(role))
    _follow_roles(user)
    log.info("role_revoked", user_id=str(user.pk), role=role.value, by=str(by.pk))


def hold_jobs(*, user: User, by: User, reason: str) -> bool:
    """Let ``user``'s new jobs wait; return whether they ran freely until now.

    Raises:
        NotAllowed: ``by`` is no moderator, or ``user`` is an admin and ``by`` is not.
    """
    _check_may_moderate(user=user, by=by)
    changed = User.objects.filter(pk=user.pk, jobs_held=False).update(
        jobs_held=True, jobs_held_reason=reason.strip()[:200]
    )
    user.refresh_from_db(fields=["jobs_held", "jobs_held_reason"])
    log.info("jobs_held", user_id=str(user.pk), by=str(by.pk), changed=bool(changed))
    return bool(changed)


def release_jobs(*, user: User, by: User) -> bool:
    """Let ``user``'s jobs run again; return whether they were held; raises NotAllowed as ``hold_jobs``."""
    _check_may_moderate(user=user, by=by)
    changed = User.objects.filter(pk=user.pk, jobs_held=True).update(jobs_held=False, jobs_held_reason="")
    user.refresh_from_db(fields=["jobs_held", "jobs_held_reason"])
    log.info("jobs_released", user_id=str(user.pk), by=str(by.pk), changed=bool(changed))
    return bool(changed)


def _refuse_weak(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(reasons=error.messages) from error


def _check_may_moderate(*, user: User, by: User) -> None:
    if not is_moderator(by) or (is_admin(user) and not is_admin(by)):
        raise NotAllowed


def _follow_roles(user: User) -> None:
    """Open or close the admin pages to ``user`` as the roles say."""
    user.is_staff = bool(roles_of(user) & STAFF_ROLES)
    user.save(update_fields=["is_staff"])


def _group(role: Role) -> Group:
    group, _ = Group.objects.get_or_create(name=role.value)
    return group


def _verification() -> str:
    return str(allauth_settings.EMAIL_VERIFICATION.value)


def _send_confirmation(address: EmailAddress) -> None:
    address.send_confirmation(signup=True)
