"""Every address of the hub."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from credits.api.balance import CreditsView
from credits.api.entries import EntryExportView, EntryListView
from credits.api.grants import GrantView
from generation.api.batches import (
    BatchCancelView,
    BatchListView,
    BatchQuoteView,
    BatchView,
)
from generation.api.callbacks import CallbackView
from generation.api.follow import FollowQuoteView, FollowView
from generation.api.live.views import EventsView, TaskEventsView
from generation.api.models import ModelListView
from generation.api.preferences import PreferencesView, SuggestionsView
from generation.api.quote import QuoteView
from generation.api.refine import RefineQuoteView, RefineView
from generation.api.subjects import SubjectListView, SubjectView
from generation.api.views import (
    ArtifactView,
    GenerateView,
    TaskCancelView,
    TaskListView,
    TaskResultView,
    TaskStatusView,
    TaskView,
)
from genhub.admin.search import search
from genhub.api.docs import DocsView
from genhub.handbook.views import show_page
from genhub.health import HealthView
from genhub.platforms.api.keys import KeyRotateView, KeyView
from genhub.platforms.browser_tokens.api.views import TokenListView, TokenView
from genhub.webhooks.api.views import (
    DeliveryListView,
    DeliveryReplayView,
    DeliveryView,
    EndpointListView,
    EndpointReplayView,
    EndpointRotateView,
    EndpointTestView,
    EndpointView,
)
from storage.api.uploads import UploadView
from storage.views import serve_file
from templates.api.views import StyleListView, TemplateListView

API = [
    path("generate", GenerateView.as_view(), name="generate"),
    path("quote", QuoteView.as_view(), name="quote"),
    path("tasks", TaskListView.as_view(), name="task-list"),
    path("tasks/<str:task_id>", TaskView.as_view(), name="task"),
    path("tasks/<str:task_id>/status", TaskStatusView.as_view(), name="task-status"),
    path("tasks/<str:task_id>/result", TaskResultView.as_view(), name="task-result"),
    path("tasks/<str:task_id>/cancel", TaskCancelView.as_view(), name="task-cancel"),
    path("tasks/<str:task_id>/events", TaskEventsView.as_view(), name="task-events"),
    path("events", EventsView.as_view(), name="events"),
    path("tasks/<str:task_id>/refine", RefineView.as_view(), name="task-refine"),
    path("tasks/<str:task_id>/refine/quote", RefineQuoteView.as_view(), name="task-refine-quote"),
    path("tasks/<str:task_id>/follow", FollowView.as_view(), name="task-follow"),
    path("tasks/<str:task_id>/follow/quote", FollowQuoteView.as_view(), name="task-follow-quote"),
    path("batches", BatchListView.as_view(), name="batch-list"),
    path("batches/quote", BatchQuoteView.as_view(), name="batch-quote"),
    path("batches/<str:batch_id>", BatchView.as_view(), name="batch"),
    path("batches/<str:batch_id>/cancel", BatchCancelView.as_view(), name="batch-cancel"),
    path("artifacts", UploadView.as_view(), name="artifact-list"),
    path("artifacts/<str:artifact_id>", ArtifactView.as_view(), name="artifact"),
    path(
        "artifacts/<str:artifact_id>/thumbnail",
        ArtifactView.as_view(thumbnail=True),
        name="artifact-thumbnail",
    ),
    path("me/preferences", PreferencesView.as_view(), name="preferences"),
    path("me/suggestions", SuggestionsView.as_view(), name="suggestions"),
    path("me/subjects", SubjectListView.as_view(), name="subject-list"),
    path("me/subjects/<str:name>", SubjectView.as_view(), name="subject"),
    path("templates", TemplateListView.as_view(), name="template-list"),
    path("models", ModelListView.as_view(), name="model-list"),
    path("styles", StyleListView.as_view(), name="style-list"),
    path("credits", CreditsView.as_view(), name="credits"),
    path("credits/entries", EntryListView.as_view(), name="credits-entries"),
    path("credits/entries.csv", EntryExportView.as_view(), name="credits-export"),
    path("credits/grants", GrantView.as_view(), name="credits-grants"),
    path("keys/me", KeyView.as_view(), name="key"),
    path("keys/me/rotate", KeyRotateView.as_view(), name="key-rotate"),
    path("tokens", TokenListView.as_view(), name="token-list"),
    path("tokens/<str:token_id>", TokenView.as_view(), name="token"),
    path("webhooks", EndpointListView.as_view(), name="webhook-list"),
    path("webhooks/<str:endpoint_id>", EndpointView.as_view(), name="webhook"),
    path("webhooks/<str:endpoint_id>/rotate", EndpointRotateView.as_view(), name="webhook-rotate"),
    path("webhooks/<str:endpoint_id>/test", EndpointTestView.as_view(), name="webhook-test"),
    path("webhooks/<str:endpoint_id>/replay", EndpointReplayView.as_view(), name="webhook-replay"),
    path("webhooks/<str:endpoint_id>/deliveries", DeliveryListView.as_view(), name="delivery-list"),
    path(
        "webhooks/<str:endpoint_id>/deliveries/<str:delivery_id>",
        DeliveryView.as_view(),
        name="delivery",
    ),
    path(
        "webhooks/<str:endpoint_id>/deliveries/<str:delivery_id>/replay",
        DeliveryReplayView.as_view(),
        name="delivery-replay",
    ),
    path("health", HealthView.as_view(), name="health"),
]

handler400 = "genhub.api.outside.request_refused"
handler404 = "genhub.api.outside.address_unknown"
handler500 = "genhub.api.outside.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("api/v1/", include(API)),
    # For vendors: no customer's, so no part of the API's document.
    path(
        "api/v1/callbacks/<str:attempt_id>/<str:signature>",
        CallbackView.as_view(),
        name="callback",
    ),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view(url_name="schema"), name="docs"),
    path("handbook/", show_page, name="handbook"),
    path("handbook/<path:subject>/", show_page, name="handbook-page"),
    path("files/<path:name>", serve_file, name="file"),
    path("i18n/", include("django.conf.urls.i18n")),
    # Before the theme's own address of this name.
    path("admin/search/", admin.site.admin_view(search)),
    path("admin/", admin.site.urls),
]
