"""The account page; signing up, logging in and passwords are django-allauth's pages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.forms import DeleteAccountForm, ProfileForm
from accounts.roles import Role, roles_of
from accounts.selectors import has_verified_email


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the account; POST changes the name."""
    form = ProfileForm(request.POST or None, initial={"display_name": request.user.display_name})
    if request.method == "POST" and form.is_valid():
        services.change_profile(user=request.user, **form.cleaned_data)
        messages.success(request, "Your account is saved.")
        return redirect("profile")
    held = roles_of(request.user)
    context = {
        "form": form,
        "email_is_verified": has_verified_email(request.user),
        "roles": [role for role in Role if role in held],
        "api_login_url": request.build_absolute_uri(reverse("accounts_api:login")),
        "api_me_url": request.build_absolute_uri(reverse("accounts_api:me")),
    }
    return render(request, "accounts/profile.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """Ask for the password, then close the account and log out."""
    form = DeleteAccountForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        services.close_account(user=request.user)
        logout(request)
        messages.success(request, "Your account is deleted.")
        return redirect("account_login")
    return render(request, "accounts/delete.html", {"form": form}, status=400 if form.errors else 200)
