"""``/account/…``: our account page beside django-allauth's pages."""

from __future__ import annotations

from django.urls import include, path

from accounts import views

urlpatterns = [
    path("", views.profile, name="profile"),
    path("delete/", views.delete_account, name="delete_account"),
    path("", include("allauth.account.urls")),
]
