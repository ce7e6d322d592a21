"""The faults of jobs, J1 to J19, and which tests strike each: `make faults SET=operate` runs them all."""

from typing import Final, NamedTuple


class Row(NamedTuple):
    """One fault: what befalls, and the tests that let it."""

    fault: str
    tests: tuple[str, ...]


SOAK: Final = "tests/faults/operate/test_soak.py::test_soak"
CATALOGUE: Final = {
    "J1": Row(
        "a worker killed at each stage",
        (
            "tests/faults/test_deaths.py::test_killed_worker_loses_and_double_charges_nothing",
            "tests/faults/test_leftovers.py::test_worker_killed_between_store_and_commit",
            "tests/faults/providers/test_kills.py::test_worker_killed_while_its_vendor_has_the_order",
            "tests/faults/video/test_kills.py::test_workers_die_while_clips_wait_and_each_is_created_once",
            "tests/faults/ledger/test_commit_cut.py::test_move_that_was_cut_in_its_commit_and_told_again_has_one_effect",
            SOAK,
        ),
    ),
    "J2": Row(
        "the engine alone dies, or finds no memory",
        (
            "tests/faults/engine/test_hangs.py::test_worker_that_hangs_ends_itself_and_loses_nothing",
            "tests/engine/test_out_of_memory.py::test_a_prompt_without_room_fails_alone",
        ),
    ),
    "J3": Row(
        "a worker told to stop at each stage",
        (
            "tests/faults/engine/test_batches.py::test_batch_outlives_its_workers",
            "tests/work/test_presence.py::test_worker_leaves_when_it_drains_also_while_it_cannot_get_ready",
            "tests/work/test_batch.py::test_draining_worker_finishes_what_is_drawn_and_claims_no_more",
        ),
    ),
    "J4": Row(
        "a worker asleep past its lease",
        (SOAK, "tests/faults/ledger/test_fence.py::test_claim_with_an_older_token_writes_nothing"),
    ),
    "J5": Row(
        "the broker comes back empty",
        (
            SOAK,
            "tests/faults/test_broker_away.py::test_worker_comes_back_to_a_broker_that_was_away",
            "tests/faults/brokers/test_rabbitmq.py::test_a_broker_killed_and_started_again_in_the_middle_of_the_work",
        ),
    ),
    "J6": Row("the broker's connections cut, three times in three seconds", (SOAK,)),
    "J7": Row(
        "each doorbell five times",
        ("tests/faults/test_doorbells.py::test_every_doorbell_delivered_five_times",),
    ),
    "J8": Row("no doorbell", ("tests/faults/test_doorbells.py::test_every_doorbell_dropped",)),
    "J9": Row(
        "the database stopped at once",
        (
            SOAK,
            "tests/faults/test_deaths.py::test_killed_server_loses_and_double_charges_nothing",
            "tests/faults/ledger/test_commit_cut.py::test_move_that_was_cut_in_its_commit_and_told_again_has_one_effect",
        ),
    ),
    "J10": Row(
        "a purse locked while every thread of the web waits for it",
        (
            "tests/faults/operate/test_held_up.py::test_purse_locked_while_every_thread_waits_for_it",
            "tests/faults/test_loops.py::test_loop_that_waits_for_a_lock_is_late_alone",
        ),
    ),
    "J11": Row(
        "clocks an hour off, and stepping",
        ("tests/faults/operate/test_clocks.py::test_clock_of_nobody_but_the_database_counts",),
    ),
    "J12": Row(
        "full disks",
        (
            "tests/faults/files/test_full_disks.py::test_upload_without_room_for_temporary_files_is_no_picture",
            "tests/faults/files/test_full_disks.py::test_vendors_file_without_room_for_it_is_not_paid",
        ),
    ),
    "J13": Row("a store that fails, stalls and lies", ("tests/faults/files/test_stores.py",)),
    "J14": Row("random deaths under load", (SOAK,)),
    "J15": Row(
        "several loops at once",
        (
            "tests/retention/test_turns.py::test_two_loops_at_once_delete_everything_once",
            "tests/life/test_searching.py::test_two_workers_do_not_look_for_one_order",
            "tests/life/test_races.py::test_claims_that_meet_each_get_a_row",
        ),
    ),
    "J16": Row(
        "a cancel beside finish, reap and deadline",
        (
            "tests/life/test_races.py::test_endings_race_with_cancel_and_a_submit_of_the_same_user",
            "tests/faults/ledger/test_settlements.py::test_cancel_finish_expiry_and_deadline_of_one_task_settle_once",
        ),
    ),
    "J17": Row(
        "a release beside the one before it",
        ("tests/upgrading/test_side_by_side.py::test_two_releases_share_everything",),
    ),
    "J18": Row(
        "a poison order",
        (
            "tests/life/test_claims.py::test_fourth_death_quarantines_and_gives_back",
            "tests/work/test_batch.py::test_four_deaths_alone_end_a_task_that_died_in_a_batch_before",
        ),
    ),
    "J19": Row(
        "a step that never returns",
        (
            "tests/faults/engine/test_hangs.py::test_worker_that_hangs_ends_itself_and_loses_nothing",
        ),
    ),
}
