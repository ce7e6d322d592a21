"""Mutants of what is promised of vendors: nothing is paid twice, no key and no picture goes where it must not."""

from tests.mutants.seeded import Edit, Mutant

HTTP = "generation/providers/http.py"
SORTING = "generation/providers/sorting.py"
STANDBY = "tests/work/test_standby.py"
DOUBT = "tests/life/test_doubt.py"
LOST = "tests/faults/providers/test_failures.py::test_lost_answer_is_paid_once_and_waits_for_a_decision"

VENDOR_MUTANTS = (
    Mutant(
        "a gateway's 502 is taken for the vendor's own failure",
        (
            Edit(
                SORTING,
                "return Meaning.BROKEN if is_own and status in OWN_FAILURES else Meaning.LOST",
                "return Meaning.BROKEN",
            ),
        ),
        (LOST,),
    ),
    Mutant(
        "what a vendor may have is ordered anew",
        (
            Edit(
                "generation/work/storing.py",
                "    if was_sent and error.sent is Sent.MAYBE:\n",
                "    if was_sent and error.sent is Sent.MAYBE and error.evidence is None:\n",
            ),
        ),
        (f"{STANDBY}::test_lost_answer_goes_to_nobody_else",),
    ),
    Mutant(
        "an order leaves for its vendor, and no row says so",
        (Edit("generation/life/sending.py", '{"sending_at": Now(), "key"', '{"key"'),),
        (f"{DOUBT}::test_worker_that_dies_after_sending_leaves_a_doubt",),
    ),
    Mutant(
        "a dead worker's order at a vendor is made anew",
        (Edit("generation/life/rescue.py", "if attempt.sending_at:", "if attempt.remote_id:"),),
        (f"{DOUBT}::test_worker_that_dies_after_sending_leaves_a_doubt",),
    ),
    Mutant(
        "a vendor's key goes to a foreign host",
        (
            Edit(
                HTTP,
                'if "://" in path and not is_within(path, self.base_url):',
                'if "://" in path and not path:',
            ),
        ),
        ("tests/providers/test_http.py",),
    ),
    Mutant(
        "a vendor is not given the time that it asks for",
        (
            Edit(
                SORTING,
                'error_of(meaning, f"HTTP {status}: {words}", read_retry_after(headers))',
                'error_of(meaning, f"HTTP {status}: {words}", None)',
            ),
        ),
        ("tests/providers/vendors/test_openai.py",),
    ),
    Mutant(
        "what must stay in the house goes to a vendor",
        (
            Edit(
                "generation/accounts/routing.py",
                "    if local_only:\n",
                "    if local_only is None:\n",
            ),
        ),
        (f"{STANDBY}::test_what_must_stay_in_the_house_reaches_nobody_outside",),
    ),
    Mutant(
        "what must stay goes to a vendor that left the house",
        (
            Edit(
                "generation/work/batch.py",
                "if claim.local_only and not keeps_in_house(claim.account):",
                "if claim.local_only and not claim.account:",
            ),
        ),
        (f"{STANDBY}::test_account_that_left_the_house_gets_nothing_that_must_stay",),
    ),
    Mutant(
        "a vendor's picture is fetched from a private address",
        (
            Edit(
                "genhub/lib/public_addresses.py",
                "        return not any(address in network for network in NOT_PUBLIC)\n",
                "        return True\n",
            ),
        ),
        ("tests/lib/test_public_addresses.py",),
    ),
    Mutant(
        "a vendor's redirect leads to a private host",
        (
            Edit(
                "genhub/lib/fetch.py",
                "            private_hosts = NO_HOSTS\n",
                "            private_hosts = frozenset(private_hosts)\n",
            ),
        ),
        ("tests/lib/test_fetch.py",),
    ),
    Mutant(
        "a vendor's account spends more than it may",
        (
            Edit(
                "generation/accounts/spending.py",
                "if spent >= limit or spent + wanted > limit:",
                "if spent > limit:",
            ),
        ),
        ("tests/accounts/test_spending.py",),
    ),
    Mutant(
        "a vendor's key is kept in what it answered",
        (
            Edit(
                HTTP,
                "            body = evidence.hide_in(body, self.secrets)\n",
                "            body = evidence.hide_in(body, ())\n",
            ),
        ),
        ("tests/faults/providers/test_evidence.py",),
    ),
)
