"""Vendors that misbehave, orders through real rows, and the oracle: one paid create, one capture, clean books."""
