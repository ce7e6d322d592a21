"""Under which key a picture is found again: a digest of everything that decides it, and of who may have it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from generation.accounts import routing
from generation.errors import NotCached
from generation.moderation import pictures
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved, quote_spec
from generation.selectors import drawn
from generation.selectors.drawn import Drawn
from generation.spec import PICTURES, GenerationSpec, ModelCard, name_references
from genhub.lib.ids import from_wire
from genhub.lib.once import once
from genhub.platforms import idempotency
from genhub.platforms.models import Moderation
from storage.selectors import PREFIX, list_digests

AUTO, OFF, ONLY = MODES = ("auto", "off", "only")
# Of a spec: what it is called here, what is told of otherwise below, and what was said, which decides nothing more.
OTHERWISE: Final = frozenset({
    "model", "quality", "mode", "seeds", "image", "mask", "last_image", "references", "style_references", "loras", "said",
    "only_found",
})  # fmt: skip
# What an engine computes with, and how: each may change the last bits.
LIBRARIES: Final = ("torch", "diffusers", "transformers")
ENGINE: Final = ("dtype", "compile", "attention", "threads", "weights_threshold")
# Of a model's folder: a file that is written anew is another one.
DECIDING_FILES: Final = (".safetensors", ".json")


def mark(customer: Customer, resolved: Resolved, wanted: str | None) -> Resolved:
    """Return an order with the key of its pictures and the price of those that were drawn before; as it is where they
    are drawn anew. Raises NotCached where only those will do, and there are none."""
    if wanted == OFF:
        return resolved
    resolved = with_key(customer, resolved)
    if wanted != ONLY:
        return resolved
    # The worker draws none of it either, should they be gone by then.
    resolved = replace(resolved, spec=replace(resolved.spec, only_found=True))
    if not (resolved.cache_key and find(resolved)):
        raise NotCached
    return resolved


def with_key(customer: Customer, resolved: Resolved) -> Resolved:
    """Return an order with the key and the price of its pictures, where such may have been drawn before."""
    recipe = resolved.recipe
    # A subject's seed is its own: a picture of another one is none of it.
    is_any = bool(recipe and recipe.caches and not resolved.keeps_seed)
    # What a chain makes is many things, and of each step it is another.
    if resolved.chain or not (resolved.names_seed or is_any):
        return resolved
    quote = quote_spec(resolved.spec, customer.platform_id, customer.plan, recipe, cached=True)
    # A rule that makes what was drawn before dearer has no place in a hold.
    cheaper = min(resolved.quote, quote, key=lambda one: one.unit_price)
    return replace(resolved, cache_key=key_of(customer, resolved), cached_quote=cheaper)


def with_found(resolved: Resolved) -> Resolved:
    """Return an order with its pictures, and at their price, where those are at hand. Raises NotCached where only those
    will do, and they are gone since the first look."""
    found = find(resolved) if resolved.cache_key else None
    if found and resolved.cached_quote:
        return replace(resolved, found=found, quote=resolved.cached_quote)
    if resolved.spec.only_found:
        raise NotCached
    return resolved


def find(resolved: Resolved) -> Drawn | None:
    """Return what was drawn for an order, whose files are all there: at hand, or however long ago where nothing else
    will do."""
    look = drawn.find_drawn if resolved.spec.only_found else drawn.find_at_hand
    found = look(resolved.cache_key)
    return found if found and drawn.is_stored(found) else None


def key_of(customer: Customer, resolved: Resolved) -> str:
    """Return the key of an order's pictures: its owner's alone, or its platform's where that shares them and they need
    not stay in the house; and of the account that draws them, which no other is taken for."""
    is_shared = customer.shares_results and not resolved.local_only
    whose = {
        "platform": str(customer.platform_id),
        "user": None if is_shared else customer.user,
        # What was drawn when nobody looked is not given once somebody does.
        "judged": how_judged(customer, resolved),
    }
    account = resolved.route.account
    return f"{idempotency.digest({**whose, **decisive(resolved)})}.{account.pk}"


def how_judged(customer: Customer, resolved: Resolved) -> list[str] | None:
    """Return by which policy an order's pictures are judged before they are seen, None where nobody does."""
    policy = customer.policy_on(resolved.recipe)
    if policy == Moderation.OFF or not pictures.has_judge(local_only=resolved.local_only):
        return None
    return [str(policy), str(customer.unjudged)]


def decisive(resolved: Resolved) -> dict[str, Any]:
    """Return everything that decides an order's pictures, as JSON values."""
    spec, card, account = resolved.spec, resolved.route.card, resolved.route.account
    words = {name: value for name, value in vars(spec).items() if name not in OTHERWISE}
    return {
        **words,
        # Seeds that nobody named are drawn: a template that uses the cache means any picture of its parameters.
        "seeds": list(spec.seeds) if resolved.names_seed else None,
        "inputs": list_inputs(spec),
        "account": {
            "adapter": account.adapter,
            "url": account.base_url,
            "options": account.options,
        },
        "model": describe_local(spec, card) if card.local else describe_remote(spec, card),
        "options_of_model": dict(card.options),
        "engine": None if routing.is_remote(account) else describe_engine(account.adapter),
    }


def list_inputs(spec: GenerationSpec) -> list[str]:
    """Return the digests of the pictures that an order starts from: of two uploads of one file, the same."""
    # Whoever names a reference picture, the vendor is sent it.
    named = spec.pictures() | name_references((*spec.references, *spec.style_references))
    ids = [from_wire(PREFIX, text) for text in named.values()]
    digests = list_digests(ids) if ids else {}
    # One that is gone is refused where the order is written.
    found = [digests.get(one, str(one)) for one in ids]
    # The first frame and a mask are not the first and the last; what is looked at is nothing to start from.
    words = {"last_image": "last ", **dict.fromkeys(named.keys() - {*PICTURES}, "like ")}
    return [words.get(name, "") + one for name, one in zip(named, found, strict=True)]


def describe_remote(spec: GenerationSpec, card: ModelCard) -> dict[str, Any]:
    """Return the vendor's model, and what it is told of how well."""
    return {"name": card.vendor_model or card.alias, "quality": spec.quality, "mode": spec.mode}


def describe_local(spec: GenerationSpec, card: ModelCard) -> dict[str, Any]:
    """Return the weights of a model, with the LoRAs that are worn; quality and mode are steps and sizes by now."""
    assert card.local  # noqa: S101 (asked for by the caller)
    local = card.local
    files = {lora.name: lora.file for lora in local.loras}
    loras = [(files.get(name, name), scale) for name, scale in spec.loras]
    places = [*local.weights, *(file for file, _ in loras)]
    return {
        "folder": local.folder,
        "revision": local.revision,
        "weights": list(local.weights),
        "loras": [list(lora) for lora in loras],
        # Where the worker's files are not on this machine, the folder's name and revision have to tell.
        "files": [*identify_folder(local.folder), *(identify(Path(place)) for place in places)],
    }


@once
def identify_folder(folder: str) -> list[list[Any]]:
    """Return what the files of a model's folder are known by; none of a hub id, which is pinned by its revision."""
    place = Path(folder)
    if not (place.is_absolute() and place.is_dir()):
        return []
    found = (path for path in place.rglob("*") if path.suffix in DECIDING_FILES)
    # Keys of earlier releases name the weights first.
    ordered = sorted(found, key=lambda path: (DECIDING_FILES.index(path.suffix), path))
    return list(map(identify, ordered))


def identify(path: Path) -> list[Any]:
    """Return what a file is known by without reading it."""
    try:
        facts = path.stat()
    except OSError:
        return [str(path)]
    return [str(path), facts.st_size, facts.st_mtime_ns]


def describe_engine(adapter: str) -> Mapping[str, Any]:
    """Return what of this machine decides a picture that is drawn here."""
    options = settings.ADAPTER_OPTIONS.get(adapter, {})
    return {**read_versions(), **{name: options[name] for name in ENGINE if name in options}}


@cache
def read_versions() -> dict[str, str | None]:
    """Return the versions of the libraries that draw; reading their names imports none of them."""
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found
