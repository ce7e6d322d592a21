"""How the admin looks: title, colours, the groups of its sidebar, the language switch."""

import os
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.module_loading import import_string
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from genhub.lib.zones import word_offset

# Versions have no entry of their own: the way to them is their template's page.
WITH_VERSIONS = {"views": ["templates_template", "templates_templateversion"]}
# Nor has the page of a style's reference pictures, which those who keep pictures show.
WITH_PICTURES = {"views": ["templates_style", "generation_style"]}
# Each opens a customer's page, and the part of it that is its own.
CUSTOMER_RIGHTS = (
    "generation.view_task",
    "credits.view_purse",
    "credits.view_budget",
    "credits.view_stop",
    "credits.stop_users",
    "credits.refund_credits",
    "generation.approve_refunds",
    "platforms.view_apikey",
    "platforms.view_browsertoken",
)
GRANT_READERS = ("credits.approve_grants", "credits.grant_credits", "credits.adjust_credits")
# What has a number in the side bar, by dotted paths.
COUNTED_IN_SIDE_BAR: list[str] = []
REFUND_READERS = ("generation.approve_refunds", "credits.refund_credits")


def sees(*permissions: str) -> Callable[[HttpRequest], bool]:
    """Return a test whether a member of staff has any of the rights that open a page."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def link(name: str) -> Any:
    """Return where a page is, looked up once for all requests: each page links to all of them."""
    return lazy(cache(partial(reverse, name)), str)()


def page(icon: str, model: str, *others: str) -> dict[str, Any]:
    """Return a sidebar entry for the list of a model, such as `credits.purse`; other rights may open it, too.

    It is called as its model is, so that menu, breadcrumb and title use one word for one thing.
    """
    app, _dot, name = model.partition(".")
    return {
        "title": lazy(lambda: capfirst(apps.get_model(model)._meta.verbose_name_plural), str)(),  # noqa: SLF001 (the words are nowhere else)
        "icon": icon,
        "views": [f"{app}_{name}"],
        "link": link(f"admin:{app}_{name}_changelist"),
        "permission": sees(f"{app}.view_{name}", *others),
    }


def counted(entry: dict[str, Any], count: str, *permissions: str) -> dict[str, Any]:
    """Return a sidebar entry with a number, counted anew for each page by the PreparedCount of this dotted path; those
    with any of the permissions see it too. 0 shows no number."""
    sees_page = entry["permission"]

    def may_see(request: HttpRequest) -> bool:
        return sees_page(request) or any(map(request.user.has_perm, permissions))

    def count_now() -> int:
        return int(import_string("genhub.admin.counts.read")(count))

    COUNTED_IN_SIDE_BAR.append(count)
    return entry | {"badge": count_now, "permission": may_see}


def environment(request: HttpRequest) -> list[str]:
    """Return which settings this hub runs on, as a coloured word that every page shows."""
    kind = os.environ.get("DJANGO_SETTINGS_MODULE", "").rpartition(".")[2]
    match kind:
        case "production":
            return [gettext("production"), "danger"]
        case "embedded":
            return [gettext("this machine"), "info"]
        case _:
            return [kind, "warning"]


def zone(request: HttpRequest) -> str:
    """Return which zone the times of all pages are in, and how far it is from UTC now."""
    place, offset = str(timezone.get_current_timezone()), word_offset(timezone.localtime())
    told = place if place == "UTC" else f"{offset} ({place})"
    return gettext("All times are %(zone)s") % {"zone": told}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "GenHub",
    "SITE_HEADER": "GenHub",
    "SITE_SUBHEADER": zone,
    "SITE_SYMBOL": "palette",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("genhub/icon.svg"),
        }
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": environment,
    "LOGIN": {"form": "genhub.users.signing_in.SignInForm"},
    "DASHBOARD_CALLBACK": "generation.admin.dashboard.add_figures",
    "ACCOUNT": {
        "navigation": [
            {"title": _("Your account"), "link": link("admin:users_user_own")},
            {"title": _("Change password"), "link": link("admin:password_change")},
        ]
    },
    "COMMAND": {"search_callback": "generation.admin.command.find"},
    "STYLES": [lambda request: static("genhub/admin.css")],
    "SCRIPTS": [
        lambda request: static("genhub/unsaved.js"),
        lambda request: static("genhub/keyboard.js"),
        lambda request: static("genhub/desk.js"),
    ],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {
                        "title": _("Overview"),
                        "icon": "dashboard",
                        "link": link("admin:index"),
                    },
                    {
                        "title": _("Handbook"),
                        "icon": "menu_book",
                        "link": link("handbook"),
                    },
                ]
            },
            {
                "title": _("Work"),
                "items": [
                    page("image", "generation.task"),
                    page("stacks", "generation.batch"),
                    page("cancel", "generation.bulkcancel", "generation.cancel_task"),
                    counted(
                        page("contact_support", "generation.deskentry"),
                        "generation.selectors.desk.DOUBTS",
                    ),
                    page("photo_library", "storage.artifact"),
                ],
            },
            {
                "title": _("Credits"),
                "items": [
                    page("account_balance_wallet", "credits.purse"),
                    page("swap_horiz", "credits.transfer"),
                    page("lock_clock", "credits.hold"),
                    counted(
                        page("undo", "generation.refundrequest"),
                        "generation.selectors.refunds.PENDING_REFUNDS",
                        *REFUND_READERS,
                    ),
                    counted(
                        page("undo", "generation.refundbatch"),
                        "generation.selectors.refunds.PENDING_BATCHES",
                        *REFUND_READERS,
                    ),
                    counted(
                        page("approval", "credits.grantrequest"),
                        "credits.selectors.PENDING_GRANTS",
                        *GRANT_READERS,
                    ),
                    page("sell", "credits.pricerule"),
                    page("hourglass_bottom", "credits.lot"),
                    page("savings", "credits.budget"),
                    page("group_add", "credits.defaultbudget"),
                    page("redeem", "credits.grantrule"),
                    page("fact_check", "credits.auditrun"),
                    page("ac_unit", "credits.freeze", "credits.adjust_credits"),
                ],
            },
            {
                "title": _("Recipes"),
                "items": [
                    page("description", "templates.template") | WITH_VERSIONS,
                    page("brush", "templates.style") | WITH_PICTURES,
                    page("format_quote", "templates.phrase"),
                ],
            },
            {
                "title": _("Moderation"),
                "items": [
                    counted(
                        page("gavel", "generation.finding", "generation.decide_findings"),
                        "generation.selectors.moderation.OPEN",
                        "generation.decide_findings",
                    ),
                    counted(
                        page("fact_check", "storage.reviewedpicture", "storage.review_pictures"),
                        "storage.selectors.WAITING",
                        "storage.review_pictures",
                    ),
                    page("hide_image", "storage.takedown", "storage.take_down_pictures"),
                    page(
                        "speaker_notes_off",
                        "generation.refusedprompt",
                        "generation.decide_findings",
                    ),
                    page("spellcheck", "generation.term"),
                    page("policy", "generation.moderator"),
                ],
            },
            {
                "title": _("Customers"),
                "items": [
                    {
                        "title": _("Find a customer"),
                        "icon": "person_search",
                        "link": link("admin:generation_task_customers"),
                        "permission": sees(*CUSTOMER_RIGHTS),
                    },
                    page("person_off", "credits.stop", "credits.stop_users"),
                    page("apps", "platforms.platform"),
                    page("workspace_premium", "platforms.plan"),
                    page("key", "platforms.apikey"),
                    page("badge", "platforms.browsertoken"),
                    page("tune", "generation.preferences"),
                    page("face", "generation.subject"),
                    counted(
                        page("webhook", "webhooks.endpoint"),
                        "genhub.webhooks.selectors.GIVEN_UP",
                    ),
                    page("outgoing_mail", "webhooks.delivery"),
                ],
            },
            {
                "title": _("Machines"),
                "items": [
                    counted(page("notifications", "alerts.alert"), "genhub.alerts.noting.OPEN"),
                    page("traffic", "generation.queue"),
                    page("memory", "generation.account"),
                    page("deployed_code", "generation.offer"),
                    page("label", "generation.othername"),
                    page("model_training", "generation.trainingset"),
                    page("school", "generation.trainingjob"),
                    page("visibility", "generation.describer"),
                    page("payments", "generation.costs"),
                    page("engineering", "generation.worker"),
                    page("balance", "generation.share"),
                ],
            },
            {
                "title": _("Kept data"),
                "items": [
                    page("auto_delete", "retention.rulereport"),
                    page("hourglass_bottom", "retention.keeping"),
                    page("gavel", "retention.legalhold"),
                    page("person_remove", "retention.erasure"),
                    page("database", "storage.storageuse"),
                    page("rule_folder", "storage.orphanreport"),
                ],
            },
            {
                "title": _("Staff"),
                "items": [
                    page("person", "users.user"),
                    page("group", "auth.group"),
                ],
            },
        ],
    },
}
