"""Doors for apps: their endpoints and what was sent there."""
