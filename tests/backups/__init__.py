"""Backups, taken and brought back for real."""
