"""A picture behind a link whose host bounds each connection: read whole and then put, against the hub's own door.

The hub's includes the order, the checks, the label and the thumbnail. What its process grows by at its largest is
measured beside that, for links and for base64: never more than three pictures.
"""

from tests.bench import child, vendor
from tests.bench.measure import (
    PATIENCE_SECONDS,
    QUICK_PATIENCE_SECONDS,
    Goal,
    Report,
    interleave,
    spread,
)

SIZE = "3.16"
# Bytes a second on one connection: a picture takes some seconds.
RATE = 600_000
LEAST_FASTER, MOST_PICTURES = 3.0, 3.0
NAIVE, LINK, BASE64 = "read, then put", "hub, link", "hub, base64"
WARM, WEIGHED = 2, 5


def run(*, is_quick: bool) -> Report:
    """Time both ways in turn, then weigh the hub's."""
    with vendor.running() as seller:
        url, size = seller.base_url(SIZE, rate=RATE), seller.sizes[SIZE]
        link = vendor.link(seller.port, SIZE, RATE)
        with child.running("tests.bench.remote_store", url, link) as keeper:
            for _ in range(WARM):
                keeper.ask(BASE64)
                keeper.ask(LINK)
            before = seller.count()
            grown: dict[str, list[float]] = {LINK: [], BASE64: []}

            def keep(way: str) -> float:
                told = keeper.ask(way)
                if way in grown:
                    grown[way].append(told["grown"] / size)
                return float(told["seconds"])

            found = interleave(
                {NAIVE: lambda: keep(NAIVE), LINK: lambda: keep(LINK)},
                rounds=2 if is_quick else 7,
                unit="s",
                patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
            )
            after = seller.count()
            for _ in range(WEIGHED):
                keep(BASE64)
    files = after["files"] - before["files"]
    fetched = 2 * len(found.rounds[LINK])
    return Report(
        arms=found.summary("s"),
        goals=[
            Goal("seconds, read then put / hub", found.ratios(NAIVE, LINK), least=LEAST_FASTER),
            *(
                Goal(f"{way}: grown by, in pictures", values, most=MOST_PICTURES)
                for way, values in grown.items()
            ),
        ],
        control=found.control,
        facts={
            "picture_bytes": size,
            "bytes_a_second_a_connection": RATE,
            "requests_a_file": round((files - fetched) / fetched, 2),
            "most_grown_in_pictures": {way: round(max(values), 2) for way, values in grown.items()},
            "grown": {way: spread(values) for way, values in grown.items()},
        },
    )
