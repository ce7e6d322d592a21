"""Where the hub is and what it stands on."""

from django.utils.translation import gettext_lazy as _

from genhub.settings.explained.setting import Group, Setting

GROUPS = [
    Group(
        _("Hub and addresses"),
        [
            Setting(
                "DJANGO_SETTINGS_MODULE",
                _(
                    "which settings: `genhub.settings.embedded` (parts that are not named run beside the hub), `genhub.settings.production` (takes nothing for granted)"
                ),
                default="`genhub.settings.embedded`",
            ),
            Setting("GENHUB_HOME", _("folder of data, secrets and logs"), default="`var/`"),
            Setting(
                "GENHUB_HOST",
                _("where `up` listens, in plain HTTP; it warns where others reach it"),
            ),
            Setting(
                "GENHUB_PORT",
                _("the port of `up`; Flower takes the one after it, on this machine only"),
            ),
            Setting(
                "PUBLIC_URL",
                _("address in picture links, scheme and host alone; production requires it"),
                default="`http://127.0.0.1:8000`",
            ),
            Setting(
                "ALLOWED_HOSTS",
                _("host names that requests may carry, by commas; production requires it"),
                default=_("this machine"),
            ),
            Setting(
                "HUB_TIME_ZONE",
                _(
                    "the IANA time zone of the days in figures, and of the admin for staff who chose none (`Asia/Shanghai`); the API is in UTC"
                ),
            ),
            Setting(
                "SECRET_KEY",
                _("signs sessions and links of local files; production requires it"),
                default=_("made once in the home"),
            ),
            Setting(
                "SECRET_KEY_FALLBACKS",
                _(
                    "earlier ones, by commas: sessions and links that they signed hold until they end, so that the key is changed without anybody noticing"
                ),
            ),
            Setting(
                "LOG_FOLDER",
                _(
                    "folder of `requests.jsonl`, a line for each request, and `jobs.jsonl`, one for each attempt that ended (10 MB × 5 each)"
                ),
                default=_("`log/` in the home; production: the console"),
            ),
            Setting(
                "STATIC_ROOT",
                _("production: folder of static files"),
                default=_("`static/` in the home"),
            ),
            Setting(
                "CSRF_TRUSTED_ORIGINS",
                _("production: origins of admin forms, by commas"),
                default="`PUBLIC_URL`",
            ),
            Setting(
                "SECURE_SSL_REDIRECT",
                _("production: plain HTTP is sent to HTTPS; health is excepted"),
            ),
            Setting(
                "BEHIND_PROXY",
                _(
                    "a proxy stands in front that sets `X-Forwarded-Proto` and `X-Forwarded-For` itself: they are believed"
                ),
            ),
            Setting(
                "METRICS_TOKEN",
                _("the Bearer token that reads `/metrics` from another machine"),
                default=_("this machine alone"),
            ),
        ],
    ),
    Group(
        _("Database, broker and files"),
        [
            Setting(
                "DATABASE_URL",
                _(
                    "PostgreSQL 15 or newer; a unix socket is `postgres:///genhub?host=/var/run/postgresql`"
                ),
                default=_("embedded"),
            ),
            Setting(
                "DATABASE_POOL_SIZE",
                _(
                    "connections of each process: the web's eight threads and two for health; 0: no pool"
                ),
                unit=_("connections"),
            ),
            Setting(
                "DATABASE_DIRECT_URL",
                _(
                    "PostgreSQL itself, where `DATABASE_URL` leads to PgBouncer in transaction mode; see [Real servers](run.md#real-servers)"
                ),
            ),
            Setting(
                "CELERY_BROKER_URL",
                _(
                    "the broker: Valkey or Redis (`rediss://` by TLS, `sentinel://` by its sentinels), or RabbitMQ (`amqp://`); where both are set, the first counts, and beside RabbitMQ the second counts how often keys ask"
                ),
                default=_("embedded"),
                aliases=("REDIS_URL",),
            ),
            Setting(
                "SENTINEL_MASTER",
                _("how the sentinels of a `sentinel://` address call their master"),
            ),
            Setting(
                "SENTINEL_PASSWORD", _("what the sentinels themselves ask for; empty: nothing")
            ),
            Setting(
                "BROKER_PATIENCE_MS",
                _(
                    "for each step of calling the broker; one that is away is then left alone for 3 s, and the loops ring later"
                ),
                unit=_("ms"),
            ),
            Setting(
                "S3_BUCKET",
                _("the private bucket that pictures go to"),
                default=_("files in the home"),
                aliases=("AWS_S3_BUCKET",),
            ),
            Setting(
                "S3_UPLOADS_BUCKET",
                _(
                    "a bucket of its own for what users send; see [Real servers](run.md#real-servers)"
                ),
                default="`S3_BUCKET`",
            ),
            Setting(
                "S3_PREVIEWS_BUCKET",
                _("the same for thumbnails, and for posters and previews of clips"),
                default="`S3_BUCKET`",
            ),
            Setting(
                "S3_WITHHELD_BUCKET",
                _(
                    "the same for what moderation keeps from its owner: it is moved there within a minute, and back"
                ),
                default=_("it stays where it is"),
            ),
            Setting(
                "S3_ADDRESSING_STYLE",
                _("where addresses name the bucket: `path`, `virtual` (in the host) or `auto`"),
                default=_("`path` with an address of the store, else `auto`"),
            ),
            Setting(
                "S3_ACCESS_KEY",
                _("key of the bucket; without both keys an instance role signs"),
                aliases=("AWS_ACCESS_KEY_ID",),
            ),
            Setting("S3_SECRET_KEY", _("its secret"), aliases=("AWS_SECRET_ACCESS_KEY",)),
            Setting(
                "S3_ENDPOINT_URL",
                _("address of the store, such as MinIO's `http://minio:9000`"),
                default="AWS",
            ),
            Setting(
                "S3_PUBLIC_ENDPOINT_URL",
                _("the store's address in links, where people reach it by another"),
                default="`S3_ENDPOINT_URL`",
            ),
            Setting(
                "S3_REGION", _("the store's region"), default="`us-east-1`", aliases=("AWS_REGION",)
            ),
            Setting(
                "S3_REQUEST_CHECKSUM_CALCULATION",
                _(
                    "or `when_supported`: AWS' newer checksums on what is sent, which other stores refuse"
                ),
                default="`when_required`",
                aliases=("AWS_REQUEST_CHECKSUM_CALCULATION",),
            ),
            Setting(
                "S3_RESPONSE_CHECKSUM_VALIDATION",
                _("or `when_supported`: the same for what is read"),
                default="`when_required`",
                aliases=("AWS_RESPONSE_CHECKSUM_VALIDATION",),
            ),
            Setting(
                "S3_SSE",
                _(
                    "`AES256` or `aws:kms`: the store is asked to encrypt each file; empty: as the bucket is set up"
                ),
            ),
            Setting("S3_SSE_KMS_KEY_ID", _("the key of `aws:kms`; empty: the account's own")),
            Setting(
                "IMAGE_ORIGINS",
                _(
                    "further origins that the admin may show pictures from, by commas; the bucket is one already"
                ),
            ),
            Setting(
                "PRIVATE_HOSTS",
                _(
                    "hosts in your own network that providers may be at, as `host` or `host:port`, by commas; every other one must be on the public internet"
                ),
            ),
            Setting(
                "INPUT_HOSTS",
                _("the same for pictures that orders name by address; these hosts may speak http"),
            ),
            Setting(
                "WEBHOOK_HOSTS",
                _("the same for receivers of webhooks; these hosts may speak http"),
            ),
            Setting("PICTURE_FORMAT", _("`webp` or `png`, both lossless")),
            Setting(
                "LABEL_PRODUCER",
                _("who made the pictures, as their AI labels say: a company's name or filing code"),
            ),
            Setting("CONTENT_CREDENTIALS", _("pictures carry a signed C2PA manifest")),
            Setting(
                "LABEL_CERTIFICATES",
                _("PEM file of the certificates that sign it: your own first, the root last"),
                default=_("made once in the home"),
            ),
            Setting(
                "LABEL_KEY",
                _("PEM file of its private key, without a password"),
                default=_("made once in the home"),
            ),
            Setting("UPLOAD_MAX_BYTES", _("largest upload"), unit=_("bytes")),
            Setting(
                "UPLOAD_LONGEST_SIDE_PIXELS", _("what uploads are shrunk to fit"), unit=_("pixels")
            ),
            Setting(
                "EDIT_FONTS",
                _(
                    "fonts that edits may write with, besides `sans` and `serif` (Noto, with Chinese): `title=/usr/share/fonts/title.otf`, of a collection `…/title.ttc#2`, several by commas"
                ),
            ),
        ],
    ),
]
