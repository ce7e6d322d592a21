"""Real servers only: every part is named by the environment, and a missing one is an error that names it."""

from django.core.exceptions import ImproperlyConfigured

from genhub.settings.base import *  # noqa: F403
from genhub.settings.base import (
    BEHIND_PROXY,
    ENCRYPTION_KEYS,
    HOME,
    SECOND_STEP_REQUIRED,
    STATICFILES_STORAGE,
)
from genhub.settings.live import read_events
from genhub.settings.parts import (
    allowed_hosts,
    broker_url,
    counters_url,
    database,
    direct_database,
    env,
    first,
    origin,
    origins,
    required,
)
from genhub.settings.store import s3_storage

SECRET_KEY = required("SECRET_KEY")
if SECOND_STEP_REQUIRED and not ENCRYPTION_KEYS:
    raise ImproperlyConfigured(
        "STAFF_SECOND_STEP is required, but ENCRYPTION_KEYS is not set: nobody could set a second step up"
    )
PUBLIC_URL = origin("PUBLIC_URL", required("PUBLIC_URL"))
ALLOWED_HOSTS = allowed_hosts()
CSRF_TRUSTED_ORIGINS = origins("CSRF_TRUSTED_ORIGINS", PUBLIC_URL)
DATABASES = {"default": database(required("DATABASE_URL"))}
DATABASE_DIRECT = direct_database()
CELERY_BROKER_URL = broker_url()
if not CELERY_BROKER_URL:
    raise ImproperlyConfigured("CELERY_BROKER_URL (or REDIS_URL) is not set")
THROTTLE_URL = counters_url(CELERY_BROKER_URL)
STORAGES = {
    "default": s3_storage()
    or {
        "BACKEND": "storage.files.SignedFileSystemStorage",
        "OPTIONS": {"location": str(HOME / "files"), "allow_overwrite": True},
    },
    "staticfiles": STATICFILES_STORAGE,
}
EVENTS = read_events("127.0.0.1:8001")
STATIC_ROOT = first("STATIC_ROOT", default=str(HOME / "static"))

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
# Health probes speak plain HTTP from inside.
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health(/(live|ready|startup))?$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
