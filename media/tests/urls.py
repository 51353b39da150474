"""The addresses of this app alone, so that its tests need no other app's."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("media.api.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("media.urls")),
]
