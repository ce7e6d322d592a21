"""The doors of browser tokens, for keys: read the words, call a service, answer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from genhub.api.addresses import address_of
from genhub.api.idempotency import read_idempotency_key
from genhub.api.pages import NewestFirst
from genhub.lib.errors import NotFound, gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms import idempotency
from genhub.platforms.authentication import WrongUser, caller_of
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.browser_tokens.api import schema
from genhub.platforms.browser_tokens.models import TOKEN, BrowserToken
from genhub.platforms.models import ApiKey, Scope

SCOPE = Scope.TOKENS_CREATE
NOT_YOURS = gettext_noop("Your key has none of these: %(scopes)s. A token may do no more than it.")


class TokenListView(APIView):
    """A platform's browser tokens."""

    scopes = {"GET": SCOPE, "POST": SCOPE}
    problems = {"POST": (WrongUser,)}

    @extend_schema(
        responses={200: schema.TokenPage, **schema.REFUSALS},
        parameters=[schema.USER, schema.LIMIT, schema.CURSOR],
        operation_id="tokens_list",
        summary=_("List browser tokens, newest first"),
    )
    def get(self, request: Request) -> Response:
        """Answer one page; those that ended stay for a day."""
        caller = caller_of(request)
        user = caller.user_for_read(request.query_params.get("user"))
        paginator = NewestFirst()
        rows = tokens.list_tokens(caller.platform.pk, user)
        page = paginator.paginate_queryset(rows, request, view=self) or []
        return paginator.get_paginated_response(answer_tokens(page))

    @extend_schema(
        request=schema.TokenWords,
        responses={201: schema.TokenSecretAnswer, **schema.REFUSALS, 422: schema.PROBLEM},
        parameters=[schema.IDEMPOTENCY_KEY],
        examples=schema.CREATE_EXAMPLES,
        summary=_("Make a browser token for one user; answers its secret, once"),
    )
    def post(self, request: Request) -> Response:
        """Make it and answer 201 with its secret."""
        caller = caller_of(request)
        serializer = schema.TokenWords(data=request.data)
        serializer.is_valid(raise_exception=True)
        words = dict(serializer.validated_data)
        words["user"] = caller.user_for_write(words.pop("user", None))
        words["scopes"] = choose_scopes(caller.key, words.get("scopes"))
        use = use_of(caller.key, read_idempotency_key(request), words)
        lifetime = timedelta(seconds=words.pop("expires_in"))
        token, secret = tokens.mint(caller.key, tokens.Terms(**words, lifetime=lifetime), use=use)
        [answer] = answer_tokens([token])
        location = address_of("token", answer["id"], request)
        headers = {"Cache-Control": "no-store", "Location": location}
        return Response({**answer, "token": secret or None}, 201, headers=headers)


class TokenView(APIView):
    """One browser token."""

    scopes = {"GET": SCOPE, "DELETE": SCOPE}

    @extend_schema(
        responses={200: schema.TokenAnswer, **schema.REFUSALS}, summary=_("Read a browser token")
    )
    def get(self, request: Request, token_id: str) -> Response:
        """Answer it, without its secret."""
        return Response(answer_tokens([get_token(request, token_id)])[0])

    @extend_schema(
        responses={204: None, **schema.REFUSALS}, summary=_("End a browser token at once")
    )
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke it: the next request with it is refused, and its streams end."""
        tokens.revoke(get_token(request, token_id).pk)
        return Response(status=204)


def get_token(request: Request, wire_id: str) -> BrowserToken:
    """Return one of the caller's tokens, or raise NotFound."""
    caller = caller_of(request)
    found = tokens.find_minted(caller.platform.pk, caller.user_for_read(None), wire_id)
    if found is None:
        raise NotFound(thing=gettext_noop("browser token"))
    return found


def choose_scopes(key: ApiKey, wanted: Sequence[str] | None) -> list[str]:
    """Return what a token may do: what was asked for, in one order, else all that its key may hand on."""
    own = [str(scope) for scope in tokens.FOR_TOKENS if scope in key.scopes]
    others = sorted(set(own if wanted is None else wanted).difference(own))
    if others or not own:
        raise refuse_field("scopes", "not_yours", NOT_YOURS, scopes=", ".join(others) or "–")
    return own if wanted is None else [scope for scope in own if scope in wanted]


def use_of(key: ApiKey, idempotency_key: str, words: dict[str, Any]) -> idempotency.Use | None:
    """Return the use of an Idempotency-Key, or None where none was sent."""
    if not idempotency_key:
        return None
    fingerprint = idempotency.digest(words)
    scope = idempotency.Scope.TOKEN
    return idempotency.Use(key.platform_id, words["user"], scope, idempotency_key, fingerprint)


def answer_tokens(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return tokens as apps see them."""
    used = import_string(settings.TOKEN_SPENDING)([row.pk for row in rows])
    return [
        {
            "id": to_wire(TOKEN, row.pk),
            "user": row.user,
            "origins": row.origins,
            "scopes": row.scopes,
            "max_credits": row.max_credits,
            "used_credits": used.get(row.pk, 0),
            "alive": row.is_alive,
            "expires_at": row.expires_at,
            "revoked_at": row.revoked_at,
            "last_used_at": row.last_used_at,
            "created_at": row.created_at,
        }
        for row in rows
    ]
