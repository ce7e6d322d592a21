"""Pages of refunds: asking for one or many, and deciding."""
