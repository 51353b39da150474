"""``/api/v1/auth/…``; a trailing slash may be left out, since nobody remembers which way an API has it."""

from __future__ import annotations

from django.urls import re_path

from accounts.api import views

app_name = "accounts_api"
urlpatterns = [
    re_path(r"^register/?$", views.RegisterView.as_view(), name="register"),
    re_path(r"^login/?$", views.LoginView.as_view(), name="login"),
    re_path(r"^refresh/?$", views.RefreshView.as_view(), name="refresh"),
    re_path(r"^logout/?$", views.LogoutView.as_view(), name="logout"),
    re_path(r"^password/?$", views.PasswordView.as_view(), name="password"),
    re_path(r"^me/?$", views.MeView.as_view(), name="me"),
]
