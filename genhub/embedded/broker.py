"""Whether a broker answers that somebody else runs, asked before anything is started or changed."""

from generation.life import doorbell

# Times BROKER_PATIENCE_MS at each step.
BROKER_PATIENCE = 50


def find_broker_fault() -> str:
    """Return one sentence that names the setting and says why the broker does not answer; empty when it does."""
    fault = doorbell.find_fault(BROKER_PATIENCE)
    return f"CELERY_BROKER_URL or REDIS_URL: the broker does not answer: {fault}" if fault else ""
