"""What people type on the account pages."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.models import User


class SignUpForm(SignupForm):
    """allauth's form and a name; the passwords are checked by Django's rules."""

    field_order = ["email", "display_name", "password1", "password2"]
    display_name = forms.CharField(
        label="Name",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save, or answer as for a known address when somebody took it since the form was checked."""
        try:
            with transaction.atomic():
                result: tuple[User | None, HttpResponse | None] = super().try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            result = super().try_save(request)
        return result


class ProfileForm(forms.Form):
    """What the owner of an account may change."""

    display_name = forms.CharField(
        label="Name",
        max_length=80,
        required=False,
        help_text="Shown on your pages; without one it is the first part of your e-mail address.",
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )


class DeleteAccountForm(forms.Form):
    """The password, once more."""

    password = forms.CharField(
        label="Your password",
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self._user.check_password(password):
            raise forms.ValidationError("This is not your password.", code="wrong_password")
        return password
