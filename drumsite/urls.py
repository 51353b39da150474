"""Where everything is."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from drumsite.views import health, landing, ready
from notation import charts
from notation.api.views import UUID_PATTERN, NotationViewSet
from notation.views import score_download, score_page
from transcription import batch_views, link_views, views
from transcription.admin import models_page
from transcription.api.batches import BatchViewSet
from transcription.api.engines import list_engines
from transcription.api.figures import all_figures, own_figures
from transcription.api.links import LinkImportViewSet
from transcription.api.recording_analysis import recording_analysis
from transcription.api.views import JobViewSet

router = SimpleRouter()
router.trailing_slash = "/?"  # as in the rest of the API: it may be left out
router.register("jobs", JobViewSet, basename="api-job")
router.register("links", LinkImportViewSet, basename="api-link")
router.register("batches", BatchViewSet, basename="api-batch")
router.register("notations", NotationViewSet, basename="api-notation")

api_v1 = [
    path("auth/", include("accounts.api.urls")),
    re_path(r"^recordings/stats/?$", own_figures, name="api-recording-stats"),
    re_path(rf"^recordings/(?P<id>{UUID_PATTERN})/analysis/?$", recording_analysis, name="api-analysis"),
    path("", include("media.api.urls")),
    path("", include(router.urls)),
    re_path(r"^admin/stats/?$", all_figures, name="api-admin-stats"),
    re_path(r"^engines/?$", list_engines, name="api-engines"),
    re_path(r"^health/?$", health, name="health"),
    re_path(r"^ready/?$", ready, name="ready"),
]

admin.site.site_header = admin.site.site_title = "drumsite"

urlpatterns = [
    path("", landing, name="landing"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("upload/", views.upload, name="upload"),
    path("jobs/<uuid:job_id>/", views.job_page, name="job"),
    path("jobs/<uuid:job_id>/cancel/", views.job_cancel, name="job_cancel"),
    path("jobs/<uuid:job_id>/retry/", views.job_retry, name="job_retry"),
    path("jobs/<uuid:job_id>/delete/", views.job_delete, name="job_delete"),
    path("jobs/<uuid:job_id>/download/<str:fmt>/", views.job_download, name="job_download"),
    path("batches/<uuid:batch_id>/", batch_views.batch_page, name="batch"),
    path("batches/<uuid:batch_id>/cancel/", batch_views.batch_cancel, name="batch_cancel"),
    path("batches/<uuid:batch_id>/retry/", batch_views.batch_retry, name="batch_retry"),
    path("batches/<uuid:batch_id>/delete/", batch_views.batch_delete, name="batch_delete"),
    path("batches/<uuid:batch_id>/download/", batch_views.batch_download, name="batch_download"),
    path("recordings/<uuid:recording_id>/delete/", views.recording_delete, name="recording_delete"),
    path("recordings/<uuid:recording_id>/transcribe/", views.transcribe_again, name="transcribe_again"),
    path("links/", link_views.link_import, name="link_import"),
    path("links/<uuid:link_id>/cancel/", link_views.link_cancel, name="link_cancel"),
    path("links/<uuid:link_id>/delete/", link_views.link_delete, name="link_delete"),
    path("scores/<uuid:notation_id>/", score_page, name="score"),
    path("scores/<uuid:notation_id>/download/<str:fmt>/", score_download, name="score_download"),
    path("scores/<uuid:notation_id>/copy/", charts.notation_copy, name="notation_copy"),
    path("scores/<uuid:notation_id>/delete/", charts.notation_delete, name="notation_delete"),
    path("scores/<uuid:notation_id>/restore/", charts.notation_restore, name="notation_restore"),
    path("charts/", charts.charts_page, name="charts"),
    path("charts/import/", charts.chart_import, name="chart_import"),
    path("", include("media.urls")),
    path("account/", include("accounts.urls")),
    path("admin/models/", admin.site.admin_view(models_page), name="admin_models"),
    path("admin/", admin.site.urls),
    path("api/v1/", include(api_v1)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]
