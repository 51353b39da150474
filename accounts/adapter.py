"""Where django-allauth's pages meet our accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation, EmailConfirmationHMAC
from allauth.core import context as allauth_context
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest
from django.urls import reverse

from accounts import services
from accounts.errors import MailNotSent
from accounts.models import User

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailSite:
    """What the mails call the site, since ``django.contrib.sites`` is not installed."""

    name: str
    domain: str


class AccountAdapter(DefaultAccountAdapter):
    """Saves what our sign-up form adds, and sends mail also when no request is at hand."""

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        user.display_name = form.cleaned_data.get("display_name", "").strip()
        user = super().save_user(request, user, form, commit=commit)
        if commit:
            services.give_first_role(user=user)
        return user

    def get_email_confirmation_url(
        self, request: HttpRequest | None, emailconfirmation: EmailConfirmation | EmailConfirmationHMAC
    ) -> str:
        if request is None:  # an account opened from the command line
            return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])
        return str(super().get_email_confirmation_url(request, emailconfirmation))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        request = allauth_context.request
        domain = request.get_host() if request else urlsplit(settings.SITE_URL).netloc
        site = MailSite(name="drumsite", domain=domain)
        message = self.render_mail(
            template_prefix, email, {"request": request, "email": email, "current_site": site, **context}
        )
        try:
            message.send()
        except OSError as error:  # refused, timed out, or said no: smtplib's errors are OSErrors too
            log.exception("mail_not_sent", template=template_prefix)
            raise MailNotSent from error
