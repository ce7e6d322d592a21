"""One machine: each part that the environment does not name is a child of `manage.py up`."""

from genhub.embedded import paths
from genhub.embedded.secrets import ensure_secrets
from genhub.settings.base import *  # noqa: F403
from genhub.settings.base import HOME, STATICFILES_STORAGE
from genhub.settings.live import read_events
from genhub.settings.logs import logging_config
from genhub.settings.parts import (
    allowed_hosts,
    broker_url,
    counters_url,
    database,
    direct_database,
    env,
    first,
    listening_host,
    listening_port,
    origin,
    pooled,
)
from genhub.settings.store import s3_storage

SECRETS = ensure_secrets(HOME)
RUN_FOLDER = paths.run_folder(HOME)

SECRET_KEY = first("SECRET_KEY", default=SECRETS["secret_key"])
# 32 bytes in base64, as Fernet takes them: without the padding that it wants.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[f"{SECRETS['encryption_key']}="])
# The hub's own health check and the demo always come from this machine.
ALLOWED_HOSTS = [*allowed_hosts(), "localhost", "127.0.0.1", "[::1]"]
HOST, PORT = listening_host(), listening_port()
EVENTS = read_events(f"unix:{paths.events_socket(RUN_FOLDER)}")
PUBLIC_URL = origin("PUBLIC_URL", f"http://127.0.0.1:{PORT}")

DATABASE_IS_EMBEDDED = not first("DATABASE_URL")
DATABASES = {
    "default": pooled(
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "genhub",
            "USER": "genhub",
            "HOST": str(RUN_FOLDER),
            "PORT": "5432",
        }
    )
    if DATABASE_IS_EMBEDDED
    else database(first("DATABASE_URL"))
}

DATABASE_DIRECT = direct_database()

BROKER_IS_EMBEDDED = not broker_url()
CELERY_BROKER_URL = broker_url() or f"redis+socket://{paths.valkey_socket(RUN_FOLDER)}"
THROTTLE_URL = counters_url(CELERY_BROKER_URL)

STORAGES = {
    "default": s3_storage()
    or {
        "BACKEND": "storage.files.SignedFileSystemStorage",
        "OPTIONS": {"location": str(HOME / "files"), "allow_overwrite": True},
    },
    "staticfiles": STATICFILES_STORAGE,
}
STATIC_ROOT = HOME / "static"
LOGGING = logging_config(folder=first("LOG_FOLDER", default=str(HOME / "log")))
