"""The customer's own case: `dall-e-3` as a vendor's alias, ten seconds of API, 3.16 MB, seen from the order to the end.

Asked for base64 first; a server that has only links is as quick, where its line is. The customer's platform took 96 s
with a link abroad, and 16 s with base64: of its own, that are 6 s.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.bench import remote_hub, vendor
from tests.bench.measure import Goal, Report, spread
from tests.bench.server import say

API_SECONDS, MOST_SECONDS = 10, 10.3
SEED_SECONDS = {"link": 96, "base64": 16}
FULL, QUICK = 6, 2
# Only a quick run's orders overlap, to shorten it: each begins and ends while the vendor works for the others.
APART_SECONDS = 2.0
MODELS = {
    "base64": remote_hub.Model("dall-e-3", size="3.16", think_ms=1000 * API_SECONDS),
    "link": remote_hub.Model(
        "dall-e-3-links", size="3.16", form="url", think_ms=1000 * API_SECONDS
    ),
}


def run(*, is_quick: bool) -> Report:
    """Order one picture in each form, one after the other, again and again; a quick run waits for none of them."""
    forms = list(MODELS) * (QUICK if is_quick else FULL)
    took: dict[str, list[float]] = {form: [] for form in MODELS}
    with (
        vendor.running() as seller,
        remote_hub.bucket() as settings,
        remote_hub.running(seller, list(MODELS.values()), settings) as hub,
        ThreadPoolExecutor(len(forms) if is_quick else len(MODELS)) as pool,
    ):
        # Worker, store and database are warm, as in a hub that is at work.
        list(pool.map(lambda model: hub.make(model.alias), MODELS.values()))

        def time_order(number: int, form: str) -> float:
            time.sleep(number * APART_SECONDS if is_quick else 0.0)
            return hub.make(MODELS[form].alias, wait_seconds=API_SECONDS + 0.5).seconds

        act = pool.map if is_quick else map
        for form, seconds in zip(forms, act(time_order, range(len(forms)), forms), strict=True):
            took[form].append(seconds)
            say(f"· {form} {seconds:.3f} s")
    own = {form: [seconds - API_SECONDS for seconds in found] for form, found in took.items()}
    return Report(
        arms={form: {**spread(seconds), "unit": "s"} for form, seconds in took.items()},
        goals=[
            Goal(f"{form}: seconds / {MOST_SECONDS}", [s / MOST_SECONDS for s in seconds], most=1.0)
            for form, seconds in took.items()
        ],
        control=took["base64"][0] / took["base64"][-1],
        facts={
            "api_seconds": API_SECONDS,
            "picture_bytes": seller.sizes["3.16"],
            "own_seconds": {form: spread(seconds) for form, seconds in own.items()},
            "seed_seconds": SEED_SECONDS,
            "times_as_quick_as_the_seed": {
                form: round(SEED_SECONDS[form] / spread(seconds)["median"], 2)
                for form, seconds in took.items()
            },
        },
    )
