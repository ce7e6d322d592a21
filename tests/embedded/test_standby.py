"""`make demo` while the first account is down: a Stable Diffusion WebUI of one's own makes the picture."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.hubs import HubProcess
from tests.ports import free_port
from tests.providers.vendors.contract import b64
from tests.providers.vendors.server import Asked, Reply, Server, path_of

pytestmark = [pytest.mark.whole, pytest.mark.timeout(300), pytest.mark.xdist_group("hub")]

MODEL = "gpt-image-2.6"
# What staff do in the admin: the WebUI offers the same model, and makes it when nobody else does.
STAND_BY = f"""
from generation.models import Account, Offer
from generation.spec import OPTIONS
row = Account.objects.get(alias="sdwebui")
row.standby_rank = 1
row.save()
Offer.objects.create(account=row, alias="{MODEL}", vendor_model="sd_xl", default_width=512, default_height=512)
"""
TELL = """
import json
from generation.models import Attempt, Event
print(json.dumps({
    "attempts": [[one.account.alias, one.state] for one in Attempt.objects.order_by("number")],
    "routes": [one.data for one in Event.objects.filter(kind="routed").order_by("id")],
}))
"""


def draw(asked: Asked) -> Reply:
    """Answer as a WebUI does; while it draws nothing it has no progress."""
    if path_of(asked) != "/sdapi/v1/txt2img":
        return Reply(body={"progress": 0.0})
    info = {"all_seeds": [7], "index_of_first_image": 0, "sd_model_name": "sd_xl"}
    return Reply(body={"images": [b64()], "parameters": {}, "info": json.dumps(info)})


@pytest.fixture
def webui() -> Iterator[Server]:
    with Server(draw).running() as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path, webui: Server) -> Iterator[HubProcess]:
    settings = {
        "DEFAULT_MODEL": MODEL,
        # Nobody listens there.
        "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
        "OPENAI_API_KEY": "sk-demo-0123456789",
        "STABLE_DIFFUSION_API_URL": webui.url,
        "PRIVATE_HOSTS": "127.0.0.1",
    }
    # Its accounts are none of the other hubs'.
    hub = HubProcess(tmp_path / "home", settings=settings)
    hub.start()
    yield hub
    hub.kill()


def test_own_webui_stands_by_while_the_first_account_is_down(
    hub: HubProcess, webui: Server
) -> None:
    hub.shell(STAND_BY)
    done = hub.run("demo", "--once", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["status"], answer["audit_ok"]) == ("completed", True)
    assert answer["credits_before"] - answer["credits_after"] == 10
    told = json.loads(hub.shell(TELL).splitlines()[-1])
    assert told["attempts"] == [["openai", "failed"], ["sdwebui", "succeeded"]]
    first, second = told["routes"]
    assert first["considered"] == [
        {"provider": "openai", "why": "chosen"},
        {"provider": "sdwebui", "why": "standby"},
    ]
    assert second["considered"] == [
        {"provider": "sdwebui", "why": "chosen"},
        {"provider": "openai", "why": "failed_before"},
    ]
    orders = [asked for asked in webui.asked if path_of(asked) == "/sdapi/v1/txt2img"]
    assert len(orders) == 1
