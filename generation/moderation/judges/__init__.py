"""Adapters to moderation services: one file a vendor; they know no rows."""
