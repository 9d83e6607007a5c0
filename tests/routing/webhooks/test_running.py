"""The services as they run: two of routing beside each other, and messages from the log to the receiver."""

import asyncio
import json
from contextlib import AsyncExitStack

from routing_service.app import create_app
from shared.web.clock import now
from tests.routing.conftest import NOBODY
from tests.routing.webhooks.conftest import receiver_settings
from tests.support import WARD, serving, settings_for


async def test_two_services_and_a_restart_tell_each_thing_once(webhooks, issuer):
    """One leads and the other waits; when the one that leads has gone, the other goes on."""
    settings = settings_for(
        webhooks.database,
        issuer,
        background=True,
        intake_url=NOBODY,
        **receiver_settings(webhooks.receiver),
    )
    webhook = await webhooks.made("/ok/running", agency=WARD, kinds=["accepted"])
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        await first.enter_async_context(serving(create_app(settings)))
        await second.enter_async_context(serving(create_app(settings)))
        built = [await webhooks.routing.case(accepted=now()) for _ in range(20)]
        await webhooks.until("count(*) = 20 FROM webhook_message WHERE state = 'delivered'", seconds=30)
        await first.aclose()
        built += [await webhooks.routing.case(accepted=now()) for _ in range(5)]
        await webhooks.until("count(*) = 25 FROM webhook_message WHERE state = 'delivered'", seconds=30)
        await asyncio.sleep(0.6)
    got = webhooks.receiver.got("/ok/running")
    assert sorted(each.code for each in built) == sorted(json.loads(each["body"])["data"]["code"] for each in got)
    assert (await webhooks.read(webhook))["delivered"] == 25
