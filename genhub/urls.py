"""Every address of the hub."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from credits.api.balance import CreditsView
from credits.api.entries import EntryExportView, EntryListView
from credits.api.grants import GrantView
from generation.api.appeals import AppealView
from generation.api.batches import (
    BatchCancelView,
    BatchListView,
    BatchQuoteView,
    BatchView,
)
from generation.api.callbacks import CallbackView
from generation.api.compat.mcp.views import McpView
from generation.api.compat.openai.moderations import ModerationsView
from generation.api.compat.openai.relayed import RelayedListView, RelayedTaskView
from generation.api.compat.openai.videos import OneVideoView, VideoContentView, VideoListView
from generation.api.compat.openai.views import (
    EditsView,
    GenerationsView,
    OpenAIModelListView,
    OpenAIModelView,
    PictureStreamView,
    PictureTaskView,
    UnknownView,
)
from generation.api.compat.replicate.files import FileListView, FileView
from generation.api.compat.replicate.views import (
    ModelPredictionView,
    NoSuchView,
    PredictionCancelView,
    PredictionListView,
    PredictionView,
    VersionView,
)
from generation.api.compat.sdapi import views as sdapi
from generation.api.compat.sdapi.lists import LISTS, REFRESHED
from generation.api.compat.sdapi.picture_info import PictureInfoView
from generation.api.edits import EditQuoteView, EditView
from generation.api.erasures import ErasureListView, ErasureView, ReceiptView
from generation.api.favourites import FavouriteListView, FavouriteView
from generation.api.follow import FollowQuoteView, FollowView, TreatQuoteView, TreatView
from generation.api.live.views import EventsView, TaskEventsView
from generation.api.models import ModelListView
from generation.api.preferences import PreferencesView, SuggestionsView
from generation.api.quote import QuoteView
from generation.api.refine import RefineQuoteView, RefineView
from generation.api.subjects import SubjectListView, SubjectView
from generation.api.verify import VerifyView
from generation.api.views import (
    ArtifactView,
    GenerateView,
    TaskCancelView,
    TaskListView,
    TaskResultView,
    TaskStatusView,
    TaskView,
)
from genhub import probes
from genhub.admin.search import search
from genhub.api.dialects import Dialect
from genhub.api.docs import DocsView
from genhub.handbook.views import show_page
from genhub.health import HealthView
from genhub.metrics.views import serve_metrics
from genhub.platforms import schema
from genhub.platforms.api.keys import KeyRotateView, KeyView
from genhub.platforms.browser_tokens.api.views import TokenListView, TokenView
from genhub.playground.views import mint_token, show_playground
from genhub.users.single_sign_on import views as single_sign_on
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
from genhub.welcome.views import show_welcome
from storage.api.direct import UploadConfirmView, UploadListView
from storage.api.direct import UploadView as DirectUploadView
from storage.api.links import LinkListView, LinkView
from storage.api.previews import PosterView, PreviewView
from storage.api.reviews import ReviewView
from storage.api.uploads import UploadView
from storage.api.usage import StorageView
from storage.views import open_link, receive_file, serve_file
from templates.api.views import PhraseListView, StyleListView, TemplateExampleView, TemplateListView

# Nobody else shows the admin's pages, and nobody else makes the document, which finds the key's scheme by its import.
admin.autodiscover()
__all__ = ["schema"]

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
    path("tasks/<str:task_id>/appeal", AppealView.as_view(), name="task-appeal"),
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
    path("artifacts/<str:artifact_id>/preview", PreviewView.as_view(), name="artifact-preview"),
    path("artifacts/<str:artifact_id>/poster", PosterView.as_view(), name="artifact-poster"),
    path("artifacts/<str:artifact_id>/edits", EditView.as_view(), name="artifact-edits"),
    path("artifacts/<str:artifact_id>/follow", TreatView.as_view(), name="artifact-follow"),
    path(
        "artifacts/<str:artifact_id>/follow/quote",
        TreatQuoteView.as_view(),
        name="artifact-follow-quote",
    ),
    path(
        "artifacts/<str:artifact_id>/edits/quote",
        EditQuoteView.as_view(),
        name="artifact-edits-quote",
    ),
    path("artifacts/<str:artifact_id>/links", LinkListView.as_view(), name="artifact-links"),
    path(
        "artifacts/<str:artifact_id>/links/<str:link_id>", LinkView.as_view(), name="artifact-link"
    ),
    path("artifacts/<str:artifact_id>/review", ReviewView.as_view(), name="artifact-review"),
    path(
        "artifacts/<str:artifact_id>/favourite", FavouriteView.as_view(), name="artifact-favourite"
    ),
    path("uploads", UploadListView.as_view(), name="upload-list"),
    path("uploads/<str:upload_id>", DirectUploadView.as_view(), name="upload"),
    path("uploads/<str:upload_id>/confirm", UploadConfirmView.as_view(), name="upload-confirm"),
    path("verify", VerifyView.as_view(), name="verify"),
    path("me/preferences", PreferencesView.as_view(), name="preferences"),
    path("me/suggestions", SuggestionsView.as_view(), name="suggestions"),
    path("me/favourites", FavouriteListView.as_view(), name="favourite-list"),
    path("me/subjects", SubjectListView.as_view(), name="subject-list"),
    path("me/subjects/<str:name>", SubjectView.as_view(), name="subject"),
    path("templates", TemplateListView.as_view(), name="template-list"),
    path("templates/example", TemplateExampleView.as_view(), name="template-example"),
    path("models", ModelListView.as_view(), name="model-list"),
    path("styles", StyleListView.as_view(), name="style-list"),
    path("phrases", PhraseListView.as_view(), name="phrase-list"),
    path("credits", CreditsView.as_view(), name="credits"),
    path("credits/entries", EntryListView.as_view(), name="credits-entries"),
    path("credits/entries.csv", EntryExportView.as_view(), name="credits-export"),
    path("credits/grants", GrantView.as_view(), name="credits-grants"),
    path("me/erasures", ErasureListView.as_view(), name="erasure-list"),
    path("me/erasures/<str:erasure_id>", ErasureView.as_view(), name="erasure"),
    path("storage", StorageView.as_view(), name="storage"),
    path("receipts/verify", ReceiptView.as_view(), name="receipt-verify"),
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

# What a stock client of OpenAI's calls, with “<hub>/v1” as its base.
OPENAI = [
    path("images/generations", GenerationsView.as_view(), name="openai-generations"),
    path("images/edits", EditsView.as_view(), name="openai-edits"),
    path("images/tasks/<str:task_id>", PictureTaskView.as_view(), name="openai-task"),
    path("images/streams/<str:task_id>", PictureStreamView.as_view(), name="openai-stream"),
    path("moderations", ModerationsView.as_view(), name="openai-moderations"),
    path("videos", VideoListView.as_view(), name="openai-videos"),
    path("videos/<str:task_id>", OneVideoView.as_view(), name="openai-video"),
    path("videos/<str:task_id>/content", VideoContentView.as_view(), name="openai-video-content"),
    path("video/generations", RelayedListView.as_view(), name="openai-relayed-videos"),
    path("video/generations/<str:task_id>", RelayedTaskView.as_view(), name="openai-relayed-video"),
    path("models", OpenAIModelListView.as_view(), name="openai-model-list"),
    path("models/<path:name>", OpenAIModelView.as_view(), name="openai-model"),
    path("<path:rest>", UnknownView.as_view(), name="openai-unknown"),
]

# What a client of Stable Diffusion WebUI's calls.
SDAPI = [
    path("txt2img", sdapi.TextToImageView.as_view(), name="sdapi-txt2img"),
    path("img2img", sdapi.ImageToImageView.as_view(), name="sdapi-img2img"),
    path("progress", sdapi.ProgressView.as_view(), name="sdapi-progress"),
    path("interrupt", sdapi.InterruptView.as_view(), name="sdapi-interrupt"),
    path("skip", sdapi.InterruptView.as_view(ends_all=False), name="sdapi-skip"),
    path("options", sdapi.OptionsView.as_view(), name="sdapi-options"),
    path("png-info", PictureInfoView.as_view(), name="sdapi-png-info"),
    path("prompt-styles", sdapi.StylesView.as_view(), name="sdapi-prompt-styles"),
    *(path(name, sdapi.LookUpView.as_view(read=read), name=f"sdapi-{name}") for name, read in LISTS.items()),
    *(path(name, sdapi.RefreshView.as_view(), name=f"sdapi-{name}") for name in REFRESHED),
    path("<path:rest>", sdapi.UnknownView.as_view(), name="sdapi-unknown"),
]  # fmt: skip

# What a stock client of Replicate's calls, with “<hub>/replicate” as its base.
REPLICATE = [
    path("predictions", PredictionListView.as_view(), name="replicate-predictions"),
    path("predictions/<str:task_id>", PredictionView.as_view(), name="replicate-prediction"),
    path("predictions/<str:task_id>/cancel", PredictionCancelView.as_view(), name="replicate-cancel"),
    path("models/<str:owner>/<str:name>/predictions", ModelPredictionView.as_view(), name="replicate-order"),
    path("models/<str:owner>/<str:name>/versions/<str:version>", VersionView.as_view(), name="replicate-version"),
    path("files", FileListView.as_view(), name="replicate-files"),
    path("files/<str:file_id>", FileView.as_view(), name="replicate-file"),
    path("<path:rest>", NoSuchView.as_view(), name="replicate-unknown"),
]  # fmt: skip

DIALECTS = [
    Dialect("openai", "OpenAI", "v1/", OPENAI),
    Dialect("replicate", "Replicate", "replicate/v1/", REPLICATE),
    Dialect("sdapi", "Stable Diffusion WebUI", "sdapi/v1/", SDAPI),
]

handler400 = "genhub.api.outside.request_refused"
handler404 = "genhub.api.outside.address_unknown"
handler500 = "genhub.api.outside.server_error"

urlpatterns = [
    path("", show_welcome, name="welcome"),
    path("playground/", show_playground, name="playground"),
    path("playground/token", mint_token, name="playground-token"),
    path("api/v1/", include(API)),
    *(address for dialect in DIALECTS for address in dialect.addresses()),
    path("mcp", McpView.as_view(), name="mcp"),
    # For vendors and orchestrators: no customer's, so no part of the API's document.
    path(
        "api/v1/callbacks/<str:attempt_id>/<str:signature>",
        CallbackView.as_view(),
        name="callback",
    ),
    path("api/v1/health/live", probes.live),
    path("api/v1/health/ready", probes.ready),
    path("api/v1/health/startup", probes.startup),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view(url_name="schema"), name="docs"),
    path("metrics", serve_metrics, name="metrics"),
    path("handbook/", show_page, name="handbook"),
    path("handbook/<path:subject>/", show_page, name="handbook-page"),
    path("files/<path:name>", serve_file, name="file"),
    path("incoming/<str:upload_id>/<str:signature>", receive_file, name="incoming"),
    path("s/<str:link_id>/<str:signature>", open_link, name="share"),
    path("i18n/", include("django.conf.urls.i18n")),
    # Before the theme's own address of this name.
    path("admin/search/", admin.site.admin_view(search)),
    path("admin/oidc/", single_sign_on.begin, name="oidc-begin"),
    path("admin/oidc/callback/", single_sign_on.end, name="oidc-callback"),
    path("admin/", admin.site.urls),
]
