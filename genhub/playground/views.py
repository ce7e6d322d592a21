"""The playground's page, and the token that it hands to the panel. Who may make keys may order with one of them."""

from datetime import timedelta

from csp.decorators import csp_replace
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from genhub.api.problems import problem_body
from genhub.lib.errors import Problem
from genhub.platforms.browser_tokens import origins, tokens
from genhub.platforms.models import ApiKey, Scope

POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "connect-src": ["'self'"],
    "img-src": ["'self'", "blob:"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'self'"],
}
# Enough to try with; another token takes its place when the page is loaded anew.
MOST_CREDITS = 200
LIFETIME = timedelta(minutes=15)
# Who a platform's key orders for here, until somebody else is named.
NOBODY = "playground"
LONGEST_USER = 200
MOST_KEYS = 100
NEEDED = (Scope.TASKS_WRITE, Scope.TASKS_READ)
may_make_keys = permission_required("platforms.add_apikey", raise_exception=True)


@never_cache
@require_GET
@staff_member_required
@may_make_keys
@csp_replace(POLICY)
def show_playground(request: HttpRequest) -> HttpResponse:
    """Answer the page, for the key and the user that its form names; at first the newest key of one user."""
    keys = find_keys()
    chosen = choose_key(keys, request.GET.get("key", ""))
    words = {
        "keys": keys,
        "chosen": chosen,
        "user": chosen and user_of(chosen, request.GET.get("user", "")),
        "language": get_language(),
    }
    return render(request, "playground/page.html", words)


@never_cache
@require_POST
@staff_member_required
@may_make_keys
def mint_token(request: HttpRequest) -> JsonResponse:
    """Answer a token of the key and user in the address, for this page's own origin."""
    key = choose_key(find_keys(), request.GET.get("key", ""))
    if key is None:
        raise Http404
    scopes = [str(scope) for scope in tokens.FOR_TOKENS if scope in key.scopes]
    try:
        [origin] = origins.read_origins([f"{request.scheme}://{request.get_host()}"])
    except Problem as problem:
        return JsonResponse(problem_body(problem), status=problem.status)
    user = user_of(key, request.GET.get("user", ""))
    terms = tokens.Terms(user, [origin], scopes, MOST_CREDITS, LIFETIME)
    row, secret = tokens.mint(key, terms)
    return JsonResponse({"token": secret, "expires_at": row.expires_at})


def find_keys() -> list[ApiKey]:
    """Return the newest keys that can order, those of one user first."""
    rows = ApiKey.objects.living().filter(scopes__contains=list(NEEDED))
    newest = rows.select_related("platform").order_by("-pk")[:MOST_KEYS]
    return sorted(newest, key=lambda key: not key.user)


def choose_key(keys: list[ApiKey], wanted: str) -> ApiKey | None:
    """Return the key that was named, else the first; None when there is none such."""
    if not wanted:
        return keys[0] if keys else None
    return next((key for key in keys if str(key.pk) == wanted), None)


def user_of(key: ApiKey, wanted: str) -> str:
    """Return who orders: the key's own user, else the one who was named."""
    return key.user or wanted.strip()[:LONGEST_USER] or NOBODY
