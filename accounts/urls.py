"""``/account/…``: our account page beside django-allauth's pages, under allauth's kind of names."""

from __future__ import annotations

from django.urls import include, path

from accounts import views

urlpatterns = [
    path("", views.profile, name="account_profile"),
    path("delete/", views.delete_account, name="account_delete"),
    path("", include("allauth.account.urls")),
]
