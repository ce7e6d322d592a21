"""Staff see how long data is kept, lay a hold, delete a user's data and watch the store, in both languages."""

from typing import Any

from playwright.sync_api import Page, expect

from genhub.platforms.models import Platform
from genhub.retention import erasing, turns
from genhub.retention.models import Keeping, LegalHold
from genhub.users.models import User
from storage import orphans, usage
from storage.models import Artifact
from tests.browser.tour import tour
from tests.retention.test_rules import let_pass, take


def test_kept_data_is_seen_held_and_deleted(
    signed_in: Page, site: str, staff: User, shop: Platform, complaints: list[Any]
) -> None:
    Platform.objects.filter(pk=shop.pk).update(storage_quota_mib=64)
    take(shop)
    let_pass(Artifact, 8)
    usage.add_up_use()
    Keeping.objects.create(platform=shop, outputs=90, prompts=30)
    hold = LegalHold.objects.create(
        platform=shop, user="bob", reason="法院要求保全。A court asks for it.", laid_by=staff
    )
    done = erasing.ask(shop.pk, "alice", by="carol", reason="用户来信要求删除。")
    waits = erasing.ask(shop.pk, "bob", by="key gh_abcdefgh")
    for _ in range(2):
        erasing.erase_asked()
    turns.delete_old()
    report = orphans.look()
    places = {
        "rules": "retention/rulereport/",
        "keeping": "retention/keeping/",
        "keeping-one": f"retention/keeping/{shop.pk}/change/",
        "holds": "retention/legalhold/",
        "hold": f"retention/legalhold/{hold.pk}/change/",
        "hold-lay": "retention/legalhold/lay/",
        "hold-lift": f"retention/legalhold/{hold.pk}/lift/",
        "erasures": "retention/erasure/",
        "erasure-done": f"retention/erasure/{done.pk}/change/",
        "erasure-held": f"retention/erasure/{waits.pk}/change/",
        "erasure-ask": "retention/erasure/erase/",
        "use": "storage/storageuse/",
        "looks": "storage/orphanreport/",
        "look": f"storage/orphanreport/{report.pk}/change/",
    }
    page = signed_in
    assert set(tour(page, site, places)) == set(places)
    page.goto(f"{site}/admin/{places['erasure-ask']}")
    page.select_option("[name=platform]", label="Shop")
    page.fill("[name=user]", "dave")
    page.fill("[name=reason]", "用户来信要求删除全部数据。")
    for said in ("将被永久删除", "正在删除"):
        page.click("button[type=submit]:has-text('永久删除')")
        expect(page.locator("body")).to_contain_text(said)
    assert complaints == []
