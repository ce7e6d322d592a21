"""Pages of accounts and of what they offer."""
