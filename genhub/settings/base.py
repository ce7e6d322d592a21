"""What every installation shares; whatever differs comes from the environment."""

import os
from pathlib import Path
from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from genhub.lib.limits import LARGEST_NUMBER
from genhub.settings.alerts import *  # noqa: F403
from genhub.settings.breaker import *  # noqa: F403
from genhub.settings.document import SPECTACULAR_SETTINGS  # noqa: F401
from genhub.settings.fonts import *  # noqa: F403
from genhub.settings.keys import KEY_OVERLAP_HOURS, KEY_RATES, TOKEN_SPENDING  # noqa: F401
from genhub.settings.local_engine import *  # noqa: F403
from genhub.settings.logs import logging_config
from genhub.settings.moderation import *  # noqa: F403
from genhub.settings.parts import (
    LINK_SECONDS,
    at_least,
    env,
    factor,
    first,
    one_of,
    private_hosts,
    sentinel_options,
)
from genhub.settings.reporting import *  # noqa: F403
from genhub.settings.retention import *  # noqa: F403
from genhub.settings.single_sign_on import *  # noqa: F403
from genhub.settings.staff import *  # noqa: F403
from genhub.settings.store import image_origins
from genhub.settings.unfold import COUNTED_IN_SIDE_BAR, UNFOLD  # noqa: F401
from genhub.settings.vendors import named_hosts, read_vendors
from genhub.settings.web import WEB  # noqa: F401
from genhub.settings.webhooks import *  # noqa: F403
from genhub.settings.zones import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parents[2]
HOME = Path(first("GENHUB_HOME", default=str(BASE_DIR / "var"))).absolute()
# What SECRET_KEY was before: sessions and links that it signed hold on.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Where workers write the LoRAs that they trained; several machines share it.
LORA_FOLDER = Path(first("LORA_FOLDER", default=str(HOME / "loras")))
# Our own proxy stands in front: its X-Forwarded-* headers are believed.
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
# Who brings it may read `/metrics` from elsewhere.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Where what stands in front leads to Flower, which reads the same name.
FLOWER_URL_PREFIX = first("FLOWER_URL_PREFIX").strip("/")
DEBUG = False

# Seal what the hub must read again (vendors' keys); the first seals, each opens. Without any no such key can be kept.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])
# Vendors that the environment names: the seed makes accounts of them.
VENDORS = read_vendors()

INSTALLED_APPS = [
    # Its site is ours: genhub/admin/site.py.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "genhub.admin.apps.PagesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "genhub",
    "genhub.users",
    "genhub.platforms",
    "genhub.retention",
    "genhub.webhooks",
    "genhub.alerts",
    "credits",
    "storage",
    "templates",
    "generation",
]
MIDDLEWARE = [
    "genhub.metrics.answers.MetricsMiddleware",
    "genhub.lib.requestlog.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "genhub.lib.hosts.HostMiddleware",
    "genhub.platforms.browser_tokens.cors.CorsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "genhub.users.signing_in.SignInMiddleware",
    "genhub.users.sessions.SessionsMiddleware",
    "genhub.users.second_step_gate.SecondStepMiddleware",
    "genhub.users.zones.ZoneMiddleware",
]
ROOT_URLCONF = "genhub.urls"
WSGI_APPLICATION = "genhub.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "genhub" / "html"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
LOGIN_URL = reverse_lazy("admin:login")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "genhub" / "locale"]
FORMAT_MODULE_PATH = "genhub.formats"

STATIC_URL = "/static/"
STATICFILES_STORAGE: dict[str, Any] = {
    "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
}
# Maps of scripts are for their authors' debuggers: to compress them takes a third of the first start's time.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
SIGNED_LINK_SECONDS = LINK_SECONDS
# How the local engine's pictures are stored: both are without loss.
PICTURE_FORMAT = one_of("PICTURE_FORMAT", "webp", "png")
# Who made the pictures, as their AI labels say: a company's name or filing code; and whether they carry signed content
# credentials, with whose certificates and key (both empty: made once in the home).
LABEL_PRODUCER = first("LABEL_PRODUCER", default="GenHub")
CONTENT_CREDENTIALS = env.bool("CONTENT_CREDENTIALS", default=True)
LABEL_CERTIFICATES = first("LABEL_CERTIFICATES")
LABEL_KEY = first("LABEL_KEY")
# Pictures that callers upload: the largest file, and what they are shrunk to fit.
UPLOAD_MAX_BYTES = at_least("UPLOAD_MAX_BYTES", 20_971_520, 1024)
UPLOAD_LONGEST_SIDE_PIXELS = at_least("UPLOAD_LONGEST_SIDE_PIXELS", 1024, 64, 8192)
# Orders that wait for vendors' answers at a time, in each worker of theirs: a thread each, and little else.
REMOTE_THREADS = at_least("REMOTE_THREADS", 16, 1)
# Hosts outside of the public internet, or ports of them, that the hub may call all the same: those of providers, and
# those that orders may name pictures at.
PRIVATE_HOSTS = private_hosts("PRIVATE_HOSTS") | named_hosts(VENDORS)
INPUT_HOSTS = private_hosts("INPUT_HOSTS")
# The largest files that are taken from a vendor as outputs: of a picture, of a clip.
OUTPUT_MAX_BYTES = at_least("OUTPUT_MAX_BYTES", 67_108_864, 1024)
OUTPUT_VIDEO_MAX_BYTES = at_least("OUTPUT_VIDEO_MAX_BYTES", 536_870_912, 1024)

# The admin's scripts (unfold uses Alpine, which evaluates expressions) are the only reason for unsafe-eval.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", *image_origins()],
        "media-src": ["'self'", *image_origins()],
        "object-src": ["'none'"],
        "frame-ancestors": ["'self'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["genhub.platforms.authentication.BearerKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["genhub.platforms.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["genhub.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "genhub.api.operations.HubSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "rest_framework.negotiation.DefaultContentNegotiation",
    "URL_FORMAT_OVERRIDE": None,  # `?format=b64` is a word of the API, not a renderer's name
    "NON_FIELD_ERRORS_KEY": "",  # a caller's own word may be called non_field_errors
    "DEFAULT_METADATA_CLASS": "genhub.api.metadata.MethodsOnly",
    "EXCEPTION_HANDLER": "genhub.api.problems.answer_problem",
    "UNAUTHENTICATED_USER": None,
}
OPENAI_ASYNC = env.bool("OPENAI_ASYNC", default=False)
API_MAX_BODY_BYTES = at_least("API_MAX_BODY_BYTES", 1_048_576, 1024)

# Doorbells: acknowledged at once, no result, no schedule; the sweeper rings whatever was lost.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "upkeep"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# In RabbitMQ queues are kept by a majority of its nodes; Valkey knows no kinds. Bells are never sent for later: the
# 28 queues that Celery makes for that stay empty, and are of the cheap kind.
CELERY_TASK_DEFAULT_QUEUE_TYPE = CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = "quorum"
CELERY_BROKER_NATIVE_DELAYED_DELIVERY_QUEUE_TYPE = "classic"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
    **sentinel_options(),
}
# A worker waits for its broker for ever; who only rings gives up at each step after so long.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
BROKER_PATIENCE_MS = at_least("BROKER_PATIENCE_MS", 100, 10, 10_000)

# A worker that stops beating for this long has lost its attempt.
LEASE_SECONDS = at_least("LEASE_SECONDS", 30, 1)
# A worker that is told to stop may work on for so long; what takes longer is given back and made by another.
DRAIN_SECONDS = at_least("DRAIN_SECONDS", 5, 0)
SWEEP_SECONDS = at_least("SWEEP_SECONDS", 10, 1)
REAP_SECONDS = at_least("REAP_SECONDS", 5, 1)
# From submit to end, waiting included: bursts are queued, so a day.
TASK_DEADLINE_SECONDS = at_least("TASK_DEADLINE_SECONDS", 86_400, 1)
# From claim to end: for each picture drawn here; for an order at a vendor, whose answers have their own. 0: no limit.
LOCAL_RUN_SECONDS = at_least("LOCAL_RUN_SECONDS", 120, 0)
REMOTE_RUN_SECONDS = at_least("REMOTE_RUN_SECONDS", 3600, 0)
# Pictures of orders that have not ended: far above a burst, and about what a card makes within the deadline.
QUEUE_MOST = at_least("QUEUE_MOST", 50_000, LARGEST_NUMBER)
QUEUE_MOST_PER_PLATFORM = at_least("QUEUE_MOST_PER_PLATFORM", 20_000, LARGEST_NUMBER)
QUEUE_MOST_PER_USER = at_least("QUEUE_MOST_PER_USER", 2_000, LARGEST_NUMBER)

# Every check of the audit, by name; the apps do not know each other's.
AUDIT_CHECKS = ("credits.audit.CHECKS", "generation.audit.AUDIT_CHECKS")
# The whole audit runs daily at this hour (UTC); what came since the last clean one every so many minutes (0: never).
AUDIT_HOUR = int(one_of("AUDIT_HOUR", "3", *map(str, range(24))))
AUDIT_MINUTES = at_least("AUDIT_MINUTES", 15, 0)

DEFAULT_IMAGE_CREDIT_COST = at_least("DEFAULT_IMAGE_CREDIT_COST", 10, 0)
DEFAULT_VIDEO_CREDIT_COST = at_least("DEFAULT_VIDEO_CREDIT_COST", 50, 0)
# How long refunded credits live whose own lot has expired meanwhile.
REFUND_GRACE_DAYS = at_least("REFUND_GRACE_DAYS", 30, 1, 36_500)
# Whole credits: a refund that goes beyond, of one task or of one person within a day, needs a second person.
REFUND_APPROVAL_ABOVE = at_least("REFUND_APPROVAL_ABOVE", 1000, 0)
# Whole credits that one of staff may give and take by hand within a day, added up; beyond it a second person approves.
GRANT_APPROVAL_ABOVE = at_least("GRANT_APPROVAL_ABOVE", 10_000, 0)
# What becomes of an order to a vendor whose price nobody has written: it is made, and its cost is unknown; or refused.
MISSING_PRICE = one_of("MISSING_PRICE", "unknown", "refuse")
HIGH_QUALITY_MULTIPLIER = factor("HIGH_QUALITY_MULTIPLIER", "1.5")
# Sample orders whose prices staff see before they save a price rule: credits itself knows no orders.
PRICE_SAMPLES = "generation.orders.samples.list_samples"
# The sample order that a template must pass before it is published: templates itself knows no orders.
RECIPE_TRIAL = "generation.orders.trials.try_recipe"
# The models, LoRAs and fonts that a template or a style may name, as its form offers them.
ORDER_CHOICES = "generation.orders.choices.list_choices"
# The published templates that nobody can order now: staff are told when a change breaks one.
BROKEN_RECIPES = "generation.orders.trials.find_broken"
# The styles that a platform can be bound to, which knows none, and the sheet that shows one on its page.
STYLE_CHOICES = "templates.selectors.list_style_choices"
STYLE_PICTURES = "generation.admin.tasks.style_pictures.show_references"
STYLE_SHEET = "generation.admin.tasks.sheets.show_sheet"
# What became of the orders of versions of templates.
VERSION_USAGE = "generation.selectors.versions.find_usage"

# All of them are read by libraries when they are first imported, so they must stand in the environment before.
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:128")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Weights lie where the settings say: nothing is looked up at a hub of models, and no use of a library told to anybody.
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}

LOGGING = logging_config(folder=first("LOG_FOLDER"))
