"""Pages of webhooks."""

from genhub.webhooks.admin import delivery, endpoint

__all__ = ["delivery", "endpoint"]
