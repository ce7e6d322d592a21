"""One door to a vendor's API: the key goes to no other host, whatever an adapter was told."""

import pytest

from generation.providers.base import AccountSettings
from generation.providers.errors import ProviderError, Sent
from generation.providers.http import VendorApi
from tests.providers.vendors.server import Reply, Server


def test_key_goes_to_no_foreign_host() -> None:
    with Server(lambda _: Reply()).running() as own, Server(lambda _: Reply()).running() as foreign:
        account = AccountSettings("acc", own.url, "secret", private_hosts=frozenset({"127.0.0.1"}))
        api = VendorApi(account, own.url, {"authorization": "Bearer secret"}, lambda *_: None)
        api.get(f"{own.url}/jobs/1")
        for call in (api.get, api.post):
            with pytest.raises(ProviderError, match="foreign host") as caught:
                call(f"{foreign.url}/jobs/1")
            assert caught.value.sent is Sent.YES
        assert len(own.asked) == 1
        assert foreign.asked == []
