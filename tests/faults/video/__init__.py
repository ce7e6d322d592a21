"""Vendors of clips that misbehave, and workers that die while clips wait."""
