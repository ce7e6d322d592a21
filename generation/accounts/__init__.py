"""Configured accounts at vendors: which of them makes an order, and how they came to be."""
