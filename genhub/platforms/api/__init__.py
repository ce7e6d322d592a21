"""The doors of keys."""
