"""Every read of orders, by who asks."""
