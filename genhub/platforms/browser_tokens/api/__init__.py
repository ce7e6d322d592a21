"""The doors of browser tokens."""
