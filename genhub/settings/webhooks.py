"""Whom webhooks may reach, and how patiently."""

from genhub.settings.parts import at_least, private_hosts

__all__ = ["WEBHOOK_FAILING_DAYS", "WEBHOOK_HOSTS", "WEBHOOK_SECONDS", "WEBHOOK_THREADS"]

# Hosts outside of the public internet, or ports of them, that may be told all the same.
WEBHOOK_HOSTS = private_hosts("WEBHOOK_HOSTS")
# Deliveries that a worker sends at a time, how long a receiver may take to answer, and after how many days of nothing
# but failures an endpoint is switched off.
WEBHOOK_THREADS = at_least("WEBHOOK_THREADS", 64, 1, 1000)
WEBHOOK_SECONDS = at_least("WEBHOOK_SECONDS", 15, 1, 60)
WEBHOOK_FAILING_DAYS = at_least("WEBHOOK_FAILING_DAYS", 5, 1, 365)
