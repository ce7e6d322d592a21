"""Commands of the order."""
