"""The hub's first page."""
