"""How orders wait and are worked at, and what the web server bears."""

from django.utils.translation import gettext_lazy as _

from genhub.settings.explained.setting import Group, Setting

GROUPS = [
    Group(
        _("Work and queues"),
        [
            Setting(
                "LEASE_SECONDS",
                _("without a heartbeat for so long, a worker has lost its work"),
                unit=_("s"),
            ),
            Setting(
                "DRAIN_SECONDS",
                _("a worker told to stop works on for so long, then gives its task back"),
                unit=_("s"),
            ),
            Setting("SWEEP_SECONDS", _("how often the loops look for forgotten work"), unit=_("s")),
            Setting("REAP_SECONDS", _("how often they look for lost leases"), unit=_("s")),
            Setting(
                "BREAKER_DEATHS",
                _(
                    "so many workers that die over a model of the local engine switch it off; 0: never"
                ),
                unit=_("workers"),
            ),
            Setting("BREAKER_MINUTES", _("within so long"), unit=_("min")),
            Setting(
                "TASK_DEADLINE_SECONDS", _("a task that has not ended by then fails"), unit=_("s")
            ),
            Setting(
                "LOCAL_RUN_SECONDS",
                _(
                    "so long a picture of the local engine may be drawn, unless its order says “timeout”; 0: no limit"
                ),
                unit=_("s"),
            ),
            Setting(
                "REMOTE_RUN_SECONDS",
                _(
                    "so long a vendor may work on an order, unless that says “timeout”; a single answer has the provider's own limit; 0: none"
                ),
                unit=_("s"),
            ),
            Setting(
                "QUEUE_MOST",
                _(
                    "of orders that have not ended, in all; what goes beyond is refused with 429 `queue_full`"
                ),
                unit=_("pictures in all"),
            ),
            Setting(
                "QUEUE_MOST_PER_PLATFORM",
                _("the same for a platform, unless its page in the admin says otherwise"),
                unit=_("pictures in all"),
            ),
            Setting("QUEUE_MOST_PER_USER", _("the same for one user"), unit=_("pictures in all")),
            Setting(
                "WEBHOOK_THREADS",
                _("webhooks that each worker sends at a time"),
                unit=_("threads"),
            ),
            Setting(
                "WEBHOOK_SECONDS", _("so long a webhook's receiver may take to answer"), unit=_("s")
            ),
            Setting(
                "WEBHOOK_FAILING_DAYS",
                _("a webhook endpoint that only failed for so long is switched off"),
                unit=_("days"),
            ),
        ],
    ),
    Group(
        _("Kept and deleted"),
        [
            Setting(
                "OUTPUT_MAX_BYTES",
                _(
                    "largest picture taken from a vendor; larger ones fail the order, and what was held is given back"
                ),
                unit=_("bytes"),
            ),
            Setting("OUTPUT_VIDEO_MAX_BYTES", _("the same of a clip"), unit=_("bytes")),
            Setting(
                "KEEP_KEYS_DAYS",
                _(
                    "idempotency keys; those of orders at least one more after the task's end; 0: for ever"
                ),
                unit=_("days"),
            ),
            Setting("KEEP_ALERTS_DAYS", _("alerts that are over; 0: for ever"), unit=_("days")),
            Setting(
                "KEEP_EVENTS_DAYS",
                _("the steps of tasks that have ended; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_SUBJECTS_DAYS",
                _("the seed of a subject that no order named for so long; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_OUTPUTS_DAYS",
                _(
                    "generated pictures and clips; each platform may have days of its own; 0: for ever"
                ),
                unit=_("days"),
            ),
            Setting(
                "KEEP_EDITS_DAYS",
                _("pictures that edits made; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_UPLOADS_DAYS",
                _("uploaded pictures that orders named; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_WITHHELD_DAYS",
                _("withheld pictures, once staff have decided about them; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_PROMPTS_DAYS",
                _("prompts, parameters and metadata of tasks that have ended; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_UNUSED_UPLOADS_DAYS",
                _("an uploaded picture that no order ever named; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_REFUSED_PROMPTS_DAYS",
                _("prompts that moderation refused, and why; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_AUDITS_DAYS",
                _("clean audits of what was new, once all books were found right; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_WEBHOOKS_DAYS",
                _("webhook messages with their deliveries, once none waits; 0: for ever"),
                unit=_("days"),
            ),
            Setting(
                "KEEP_WORKERS_DAYS",
                _("rows of workers and loops that are gone; 0: for ever"),
                unit=_("days"),
            ),
        ],
    ),
    Group(
        _("Web server and signing in"),
        [
            Setting("API_MAX_BODY_BYTES", _("largest body of a request"), unit=_("bytes")),
            Setting(
                "OPENAI_ASYNC",
                _(
                    "orders of pictures at `/v1` are answered 202 at once, and fetched later, unless the request says `x-genhub-async: false`"
                ),
            ),
            Setting(
                "WEB_THREADS", _("threads that answer; health has two more"), unit=_("threads")
            ),
            Setting(
                "WEB_CONNECTIONS",
                _(
                    "open connections: beyond them the oldest that still owes its request is closed, else the oldest that still reads its answer"
                ),
                unit=_("connections"),
            ),
            Setting(
                "WEB_HEAD_SECONDS",
                _("a request's headers must be there by then, else 408"),
                unit=_("s"),
            ),
            Setting("WEB_BODY_SECONDS", _("the same for its body"), unit=_("s")),
            Setting(
                "WEB_SLOWEST_BYTES",
                _("slowest body, over each stretch of `WEB_STALL_SECONDS`"),
                unit=_("bytes/s"),
            ),
            Setting(
                "WEB_STALL_SECONDS",
                _("a reader that takes nothing for so long is cut off"),
                unit=_("s"),
            ),
            Setting(
                "WEB_SPOOL_MIB",
                _(
                    "disk for bodies and answers above 128 KiB that wait for a slow side, all together; then 503"
                ),
                unit="MiB",
            ),
            Setting(
                "WEB_WAITS",
                _("answers that wait for a task's end (`Prefer: wait`); one more is given at once"),
                unit=_("answers"),
            ),
            Setting(
                "EVENTS_ADDRESS",
                _(
                    "where the process of event streams listens: `host:port` or `unix:/path`; the web server passes streams on to it"
                ),
                default=_("a socket in the home; production: `127.0.0.1:8001`"),
            ),
            Setting(
                "FLOWER_URL_PREFIX",
                _(
                    "the path under PUBLIC_URL by which what stands in front leads to Flower (`flower`); the page of the queue links to it"
                ),
                default=_("Flower is for its own machine alone"),
            ),
            Setting(
                "EVENTS_STREAMS", _("event streams that may be open; then 429"), unit=_("streams")
            ),
            Setting("EVENTS_STREAMS_PER_KEY", _("the same of one API key"), unit=_("streams")),
            Setting(
                "LOGIN_TRIES",
                _(
                    "of one account from one address before more are refused (10 × for an address, 20 × for an account; a browser that signed in before counts by itself)"
                ),
                unit=_("wrong tries"),
            ),
            Setting("LOGIN_WINDOW_SECONDS", _("how long they are refused then"), unit=_("s")),
            Setting(
                "STAFF_SECOND_STEP",
                _(
                    "`optional` or `required`: whether all staff must set up [a second step](run.md#signing-in)"
                ),
            ),
            Setting(
                "WRONG_KEYS_PER_MINUTE",
                _(
                    "wrong API keys of one address before it gets 429, 0: any number; right keys are always taken"
                ),
                unit=_("a minute"),
            ),
            Setting(
                "KEY_READS_PER_MINUTE",
                _(
                    "reads and quotes of one API key, unless it or its platform's plan says otherwise; then 429 `rate_limited`; 0: any number"
                ),
                unit=_("a minute"),
            ),
            Setting(
                "KEY_WRITES_PER_MINUTE",
                _("the same for what makes or changes something"),
                unit=_("a minute"),
            ),
            Setting(
                "KEY_OVERLAP_HOURS",
                _("how long the earlier secret of a rotated API key works; 0: not at all"),
                unit=_("h"),
            ),
        ],
    ),
]
