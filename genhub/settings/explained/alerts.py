"""Who is told when something is wrong, and where is told what the hub does."""

from django.utils.translation import gettext_lazy as _

from genhub.settings.explained.setting import Group, Setting

GROUPS = [
    Group(
        _("Alerts"),
        [
            Setting("ALERT_MAIL_TO", _("who is mailed, by commas; empty: nobody")),
            Setting("EMAIL_HOST", _("the server that takes the mail; `ALERT_MAIL_TO` needs it")),
            Setting(
                "EMAIL_PORT", _("its port: 587 with `EMAIL_USE_TLS`, 465 with `EMAIL_USE_SSL`")
            ),
            Setting("EMAIL_HOST_USER", _("who signs in there; empty: nobody")),
            Setting("EMAIL_HOST_PASSWORD", _("with which password")),
            Setting("EMAIL_USE_TLS", _("whether TLS begins after the greeting (STARTTLS)")),
            Setting("EMAIL_USE_SSL", _("whether all of it is TLS")),
            Setting("EMAIL_TIMEOUT", _("so long it may be silent"), unit=_("s")),
            Setting("DEFAULT_FROM_EMAIL", _("who the mail says it is from")),
            Setting(
                "ALERT_WEBHOOK_URL", _("where alerts are posted; it may be inside your network")
            ),
            Setting(
                "ALERT_WEBHOOK_SECRET",
                _("what signs them, as Standard Webhooks has it: `whsec_` and base64"),
            ),
            Setting("ALERT_LANGUAGE", _("in which language: `en` or `zh-hans`")),
            Setting(
                "ALERT_HOLD_SECONDS",
                _("so long something must be wrong to begin an alert, and be well to end it"),
                unit=_("s"),
            ),
            Setting(
                "ALERT_QUEUE_SECONDS",
                _("a queue whose oldest order waits for longer is stuck"),
                unit=_("s"),
            ),
            Setting(
                "ALERT_WEBHOOKS_SECONDS",
                _("webhooks of which the oldest is due for longer are late"),
                unit=_("s"),
            ),
            Setting("ALERT_DISK_MIB", _("less room in the home is too little"), unit="MiB"),
        ],
    ),
    Group(
        _("Traces and errors"),
        [
            Setting(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                _("where traces are sent, by OTLP over HTTP: `http://collector:4318`"),
            ),
            Setting("SENTRY_DSN", _("where errors are told, as Sentry shows it")),
        ],
    ),
]
