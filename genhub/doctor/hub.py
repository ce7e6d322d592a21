"""The hub itself: whether orders are taken, drawn, paid for and told of."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet

from credits.audit import view_standing
from generation.models import AccountKey, Describer, Moderator
from generation.selectors.troubles import list_closed_accounts
from genhub import health
from genhub.alerts import channels
from genhub.doctor.findings import Finding, fault, good, warning, word
from genhub.lib.fetch import FetchRefused
from genhub.lib.posting import get
from genhub.lib.sealing import NotSealable, unseal
from genhub.users.models import SecondStep
from genhub.webhooks.models import Endpoint
from genhub.webhooks.selectors import count_given_up, read_lag

HEALTH = "/api/v1/health"
ASK_SECONDS, HEALTH_BYTES = 10, 1 << 16
SHOWN = 3
MENDS = {
    "default": "set DEFAULT_MODEL to the alias of an enabled model, or enable that one in the admin",
    "models": "enable a provider in the admin, or run `manage.py seed`",
    "worker": "start the service of that queue, and read its log",
    "queues": "resume it in the admin under Queues, or by `manage.py queue resume`, when it may go on",
    "loops": "start the service genhub-loops, and read its log",
    "rate": "see `broker` above",
}
# By themselves, and with more to say.
LOOKED_AT_ALREADY = {"database", "broker"}


def look_at_health() -> Iterator[Finding]:
    """Say what health says: models, workers, loops."""
    report = health.look()
    for name, said in report["checks"].items():
        if name in LOOKED_AT_ALREADY:
            continue
        if said == "ok":
            yield good(name, "ok")
        else:
            find = warning if name in health.LESSER else fault
            yield find(name, said, MENDS.get(name.split()[0], "see the handbook, Run a hub"))


def look_at_secrets_kept() -> Iterator[Finding]:
    """Open what is sealed; what no key opens is lost, and is better found today than by a customer."""
    closed = [
        str(row)
        for rows in (AccountKey.objects, Moderator.objects, Describer.objects, SecondStep.objects)
        for row in rows.exclude(sealed="").order_by("pk")
        if not opens(row.sealed)
    ]
    endpoints: QuerySet[Endpoint] = Endpoint.objects.filter(removed_at=None).order_by("pk")
    closed += [str(endpoint) for endpoint in endpoints if not opens(endpoint.secret)]
    if closed:
        yield fault(
            "sealed keys",
            f"no key of ENCRYPTION_KEYS opens {len(closed)}: {', '.join(closed[:SHOWN])} …",
            "bring the old key back into ENCRYPTION_KEYS, or write them anew in the admin, where second steps are reset",
        )
    else:
        yield good("sealed keys", "all can be opened")


def opens(sealed: str) -> bool:
    """Return whether a key of the hub's own opens it."""
    try:
        unseal(sealed)
    except NotSealable:
        return False
    return True


def look_at_accounts() -> Iterator[Finding]:
    """Say which providers are enabled and rest for a reason that does not pass by itself."""
    closed = [f"{alias} ({why.label})" for alias, why in list_closed_accounts().items()]
    if closed:
        yield warning(
            "providers", f"not used: {', '.join(closed)}", "see why on their pages in the admin"
        )
    else:
        yield good("providers", "none that is enabled waits for staff")


def look_at_audit() -> Iterator[Finding]:
    """Say what the last proofs of the ledger found, of all of it and of what is new; none that has not ended."""
    standing = view_standing()
    runs = [run for run in (standing.whole, standing.since) if run]
    mistakes = sum(len(run.findings) for run in runs)
    if not runs:
        yield warning(
            "audit", "the ledger was never proved", "run `manage.py audit`; the loops do it daily"
        )
    elif mistakes:
        yield fault(
            "audit",
            f"it found {mistakes} mistakes in the ledger",
            "read it in the admin, under Audits",
        )
    else:
        newest = max(run.started_at for run in runs)
        yield good("audit", f"clean on {newest:%Y-%m-%d %H:%M} UTC")


def look_at_webhooks() -> Iterator[Finding]:
    """Say whether apps hear of their orders."""
    waiting, lag = read_lag()
    given_up = count_given_up()
    if lag.total_seconds() > settings.ALERT_WEBHOOKS_SECONDS:
        yield fault(
            "webhooks",
            f"{waiting} wait, the oldest {lag.total_seconds():.0f} s over its time",
            "start the worker of the queue `delivery`, and see which receivers hang",
        )
    elif given_up:
        yield warning(
            "webhooks",
            f"{given_up} endpoints were switched off since they failed",
            "tell their platforms; staff switch them on again in the admin",
        )
    else:
        yield good("webhooks", "none is late")


def look_at_alerts() -> Iterator[Finding]:
    """Say whether staff hear of what goes wrong while nobody looks."""
    if found := channels.list_set():
        said = ", ".join(f"{channel} to {channels.describe(channel)}" for channel in found)
        yield good("alerts", f"{said}; `manage.py alerts test` tries them")
    elif settings.SECURE_SSL_REDIRECT or is_far(urlsplit(settings.PUBLIC_URL).hostname or ""):
        yield warning("alerts", "nobody is told when something goes wrong", "set ALERT_MAIL_TO or ALERT_WEBHOOK_URL; see the handbook, Alerts")  # fmt: skip
    else:
        yield good("alerts", "nobody is told; on this machine alone nobody need be")


def look_at_static() -> Iterator[Finding]:
    """Say whether pages have their styles."""
    root = Path(settings.STATIC_ROOT)
    if (root / "collected").exists():
        yield good("static files", f"collected in {root}")
    else:
        yield fault("static files", f"{root} holds none", "run `manage.py prepare`")


def look_at_public_address() -> Iterator[Finding]:
    """Ask the hub as its clients do, through whatever stands in front."""
    address = urlsplit(settings.PUBLIC_URL)
    host = address.hostname or ""
    url = settings.PUBLIC_URL.rstrip("/") + HEALTH
    try:
        reply = get(url, seconds=ASK_SECONDS, most_bytes=HEALTH_BYTES, private_hosts=[host])
    except FetchRefused as error:
        yield fault(
            "PUBLIC_URL",
            f"{settings.PUBLIC_URL} does not answer from here: {word(error)}",
            "start the web service and nginx; links, callbacks and webhooks name this address",
        )
        return
    if b'"checks"' not in reply.body:
        yield fault(
            "PUBLIC_URL",
            f"{url} answers {reply.status}, and not as the hub",
            "point PUBLIC_URL and what stands in front at the web service",
        )
    elif address.scheme != "https" and is_far(host):
        yield warning("PUBLIC_URL", "keys and pictures travel without TLS", "put TLS in front, as deploy/nginx.conf does")  # fmt: skip
    else:
        yield good("PUBLIC_URL", f"{settings.PUBLIC_URL} answers")


def is_far(host: str) -> bool:
    """Return whether other machines reach it by this name."""
    return host not in {"localhost", "127.0.0.1", "::1"}
