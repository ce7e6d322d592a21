"""When a model that ends its workers is switched off."""

from genhub.settings.parts import at_least

__all__ = ["BREAKER_DEATHS", "BREAKER_MINUTES"]

# So many workers of the local engine that die over a model within so many minutes switch it off; 0 deaths: never.
BREAKER_DEATHS = at_least("BREAKER_DEATHS", 5, 0, 1000)
BREAKER_MINUTES = at_least("BREAKER_MINUTES", 10, 1, 1440)
