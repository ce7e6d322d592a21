"""Every change to orders: the only place of this app with transactions."""
