"""Vendors that the environment names, in the words that their own tools read: what the seed makes accounts of."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from genhub.lib.public_addresses import looks_private
from genhub.settings.parts import first


@dataclass(frozen=True)
class Named:
    """What the environment says of a vendor: the variable of its keys, these, and where it is (empty: not said)."""

    variable: str
    keys: tuple[str, ...] = ()
    base_url: str = ""
    # A server of somebody's own may ask for no key.
    needs_key: bool = True

    @property
    def is_there(self) -> bool:
        """Return whether there is enough to make an account of."""
        return bool(self.keys if self.needs_key else self.base_url)


def read_vendors() -> dict[str, Named]:
    """Return what the environment says of each vendor, by its name in generation.accounts.vendors."""
    return {
        "openai": Named("OPENAI_API_KEY", several("OPENAI_API_KEY"), first("OPENAI_BASE_URL")),
        "aihubmix": Named("AIHUBMIX_API_KEY", several("AIHUBMIX_API_KEY")),
        "sdwebui": Named(
            "STABLE_DIFFUSION_API_KEY",
            several("STABLE_DIFFUSION_API_KEY"),
            first("STABLE_DIFFUSION_API_URL"),
            needs_key=False,
        ),
        "bfl": Named("BFL_API_KEY", several("BFL_API_KEY")),
        "stability": Named("STABILITY_API_KEY", several("STABILITY_API_KEY")),
        "ark": Named("ARK_API_KEY", several("ARK_API_KEY")),
        "dashscope": Named("DASHSCOPE_API_KEY", several("DASHSCOPE_API_KEY")),
        "replicate": Named("REPLICATE_API_TOKEN", several("REPLICATE_API_TOKEN")),
        "fal": Named("FAL_KEY", several("FAL_KEY")),
        "runway": Named("RUNWAYML_API_SECRET", several("RUNWAYML_API_SECRET")),
        "video": Named(
            "VIDEO_GENERATION_API_KEY",
            several("VIDEO_GENERATION_API_KEY"),
            first("VIDEO_GENERATION_API_URL"),
            needs_key=False,
        ),
        "midjourney": Named(
            "MIDJOURNEY_PROXY_SECRET",
            several("MIDJOURNEY_PROXY_SECRET"),
            first("MIDJOURNEY_PROXY_URL"),
            needs_key=False,
        ),
    }


def several(name: str) -> tuple[str, ...]:
    """Return the values of a variable that may hold several, parted by commas."""
    return tuple(value for part in first(name).split(",") if (value := part.strip()))


def named_hosts(vendors: dict[str, Named]) -> frozenset[str]:
    """Return the private hosts that the environment itself gives as vendors' addresses, as host:port: who writes them
    there means them."""
    found = set()
    for vendor in vendors.values():
        try:
            parts = urlsplit(vendor.base_url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        except ValueError:
            continue
        if parts.hostname and port and looks_private(parts.hostname):
            name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            found.add(f"{name}:{port}")
    return frozenset(found)
