"""The hub's first page: what it is, how it is, and where its doors are."""
