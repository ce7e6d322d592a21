"""The first page of the document: how to get a key, order and fetch a picture, and what every request shares."""

from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# In the order of the page: what an app needs first stands first.
TAGS: Final = {
    "generate": gettext_lazy("Order pictures and clips."),
    "quote": gettext_lazy("What an order would cost; nothing is created."),
    "tasks": gettext_lazy(
        "What became of an order: its state, its pictures, its credits, and what can be ordered further."
    ),
    "events": gettext_lazy("All tasks as they move, as server-sent events."),
    "batches": gettext_lazy("Up to 100 orders as one."),
    "artifacts": gettext_lazy("Pictures and clips: fetch, upload, edit and share them."),
    "uploads": gettext_lazy("Large files that go to the store without passing the hub."),
    "models": gettext_lazy("What can be ordered, with its sizes and limits."),
    "templates": gettext_lazy("Prompts that staff prepared, with their parameters."),
    "styles": gettext_lazy("Values of “style_preset”."),
    "phrases": gettext_lazy("Words to build prompts of."),
    "credits": gettext_lazy("Balances, statements, and credits for events of your app."),
    "me": gettext_lazy("What is kept of a user: usual words, subjects, favourites, deletion."),
    "webhooks": gettext_lazy(
        "Addresses of yours that the hub calls, what was sent there, and sending it again."
    ),
    "keys": gettext_lazy("The key that asks."),
    "tokens": gettext_lazy("Short-lived tokens for browsers, each for one user."),
    "storage": gettext_lazy("How much is stored for the platform."),
    "verify": gettext_lazy("Whether this hub made a picture."),
    "receipts": gettext_lazy("Whether this hub signed a receipt."),
    "health": gettext_lazy("Whether the hub works; needs no key."),
}
FIRST_PICTURE: Final = """```sh
export HUB={hub}/api/v1 GENHUB_KEY=gh_…
curl -sS $HUB/generate -H "Authorization: Bearer $GENHUB_KEY" -H "Content-Type: application/json" \\
  -H "Prefer: wait=60" -H "Idempotency-Key: order-1" -d '{{"prompt": "a yellow star"}}' | tee task.json
PICTURE=$(grep -o 'art_[0-9a-f]*' task.json | head -1)
curl -sSL $HUB/artifacts/$PICTURE -H "Authorization: Bearer $GENHUB_KEY" -o star.webp
```"""


def list_tags() -> list[dict[str, str]]:
    """Return the groups of operations in their order, each with what it is for."""
    return [{"name": name, "description": str(text)} for name, text in TAGS.items()]


def write_first_page() -> str:
    """Return in Markdown what somebody needs who never saw the hub before."""
    dialects = " · ".join(
        f"[{dialect.title}](/api/docs/{dialect.name})" for dialect in list_dialects()
    )
    parts = [
        f"## {_('A first picture')}",
        _(
            "The hub's operator makes keys, in the admin under *Platforms*: ask for one with the scopes `tasks:write` and `tasks:read`. It is shown once. Then:"
        ),
        FIRST_PICTURE.format(hub=settings.PUBLIC_URL),
        _(
            "200: the task has ended, and its pictures stand in `result.images`. 202: it goes on; ask at its `check_status_url` until `status` is `completed`, `failed` or `canceled`. A picture's address never dies: each time it leads to a fresh link."
        ),
        f"## {_('Keys')}",
        _(
            'Each request says `Authorization: Bearer KEY`. A **user\'s key** speaks for one user. A **platform\'s key** speaks for all users of its platform: it names one with each order (`"user": "alice"`), and sees the tasks of all unless `user` is named. `GET /api/v1/keys/me` tells which one yours is, its scopes and its limits. Each operation names the scope that it needs, and whether only the key of a platform will do.'
        ),
        f"## {_('What all requests share')}",
        "\n".join(
            f"- {line}"
            for line in (
                _(
                    "**Idempotency-Key**: 1 to 255 bytes of your own. The same key and body again do nothing twice: they answer what the first made, as it stands now. Another body under it is 422 `idempotency_key_reused`; while the first request is not done an equal one waits, after 5 s it is 409 `idempotency_key_in_use`. Keys are kept for %(days)s days, those of orders at least 24 hours more after the task's end. After a lost answer or a 503 send the same again."
                )
                % {"days": settings.KEEP_DAYS["keys"]},
                _(
                    "**Prefer: wait=N**, N from 1 to 60 whole seconds: the answer comes when the task ends, at the latest after N seconds; `Preference-Applied` says that the hub waited. Another N is 400; `wait` without a number is as if nothing was said. Give your client a longer time-out."
                ),
                _(
                    "**Pages**: follow `next` and `previous` as they are; `limit` is 1 to 100, 20 if not said. Lists with `page` count pages instead, down to row 10,000."
                ),
                _(
                    "**Limits**: `RateLimit` and `RateLimit-Policy` say how many more requests a key may send; one too many is 429 with `Retry-After`, and nothing is created. An order takes at most the sizes, steps and pictures that `GET /api/v1/models` lists."
                ),
                _(
                    "**Languages**: `Accept-Language: en` or `zh-hans`; messages follow it, codes never change."
                ),
                _(
                    "**X-Request-ID**: name a request yourself and find it in answers, tasks and the hub's logs; without one the hub makes one."
                ),
                _(
                    "**Unknown words**: in a body they are refused by name, in the query of an address they are ignored."
                ),
            )
        ),
        f"## {_('Other ways in')}",
        _(
            "Clients of other services work with a changed base URL and key; each dialect has a document of its own: %(dialects)s. The [handbook](/handbook/) shows how all belongs together: [orders](/handbook/order/), [webhooks](/handbook/webhooks/), [keys](/handbook/keys/)."
        )
        % {"dialects": dialects},
    ]
    return "\n\n".join(parts)


def list_dialects() -> list[Any]:
    """Return the dialects that this hub speaks; the routes, which know them, know this room, too."""
    found: list[Any] = import_string(f"{settings.ROOT_URLCONF}.DIALECTS")
    return found
