"""The answers of the emulator's hosts before authentication: redirects, 404, 401 and 403."""

from http import HTTPStatus

import pytest

from tests.emulator import S0_KEY, Emulator, Networking, Redirection, speak
from tests.emulator.caller import RECOGNITION_PATH, TOKEN_PATH, Caller, Reply, calling

pytestmark = pytest.mark.usefixtures("socket_enabled")

SPEECH_HOST = "westus.stt.speech.microsoft.com"
TOKEN_HOST = "westus.api.cognitive.microsoft.com"
CUSTOM_HOST = "home.cognitiveservices.azure.com"


async def ask_region(caller: Caller) -> Reply:
    """Have speech recognized at the region's host."""
    return await caller.recognize(speak("on"), host=SPEECH_HOST, path=RECOGNITION_PATH, expect=True)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_custom_domain_can_redirect(status: int) -> None:
    """Without a body and before any audio; the region's host and tokens aren't concerned."""
    location = f"https://{SPEECH_HOST}{RECOGNITION_PATH}?Ocp-Apim-Custom-Domain-Name={CUSTOM_HOST}"
    redirection = Redirection(location=location, status=HTTPStatus(status))
    async with calling(Emulator(redirection=redirection)) as caller:
        for host in (None, CUSTOM_HOST):
            reply = await caller.recognize(speak("on"), host=host, expect=True)
            assert (reply.status, reply.headers["Location"], reply.text) == (status, location, "")
        assert (await ask_region(caller)).status == 200
        assert await caller.fetch_token(host=CUSTOM_HOST)
    assert [record.body_bytes for record in caller.emulator.requests[:2]] == [0, 0]


async def test_a_custom_domain_can_be_without_short_audio() -> None:
    """404 before any audio, although it issues tokens."""
    async with calling(Emulator(custom_domain_recognizes=False)) as caller:
        reply = await caller.recognize(speak("on"), host=CUSTOM_HOST, expect=True)
        token = await caller.post(TOKEN_PATH, host=CUSTOM_HOST, headers=caller.credentials)
        region = await ask_region(caller)
    assert (reply.status, reply.content["statusCode"]) == (404, 404)
    assert caller.emulator.requests[0].body_bytes == 0
    assert (token.status, region.status) == (200, 200)


async def test_a_private_endpoint_keeps_to_its_domain() -> None:
    """Both hosts of the region answer 401 to a right key."""
    async with calling(Emulator(private_endpoint=True)) as caller:
        region = await ask_region(caller)
        token = await caller.post(TOKEN_PATH, host=TOKEN_HOST, headers=caller.credentials)
        own = await caller.recognize(speak("on"), host=CUSTOM_HOST)
    assert (region.status, token.status, own.status) == (401, 401, 200)
    assert "Access denied" in region.content["error"]["message"]


async def test_a_custom_domain_can_refuse_tokens() -> None:
    """403, while the key itself is good."""
    async with calling(Emulator(issues_tokens=False)) as caller:
        token = await caller.post(TOKEN_PATH, headers=caller.credentials)
        assert (await caller.recognize(speak("on"))).status == 200
        assert await caller.fetch_token(host=TOKEN_HOST)
    assert token.status == 403


@pytest.mark.parametrize(
    ("networking", "message"),
    [
        (Networking.SELECTED, "Access denied due to Virtual Network/Firewall rules."),
        (Networking.DISABLED, "Public access is disabled. Please configure private endpoint."),
    ],
)
async def test_networking_can_keep_clients_out(networking: Networking, message: str) -> None:
    """403 with a right key, for speech and tokens, and never for Microsoft Entra."""
    async with calling(Emulator(networking=networking)) as caller:
        replies = [
            await caller.recognize(speak("on"), expect=True),
            await ask_region(caller),
            await caller.post(TOKEN_PATH, headers={"Ocp-Apim-Subscription-Key": S0_KEY}),
        ]
        login = await caller.post("/tenant/oauth2/v2.0/token")
    for reply in replies:
        assert reply.status == 403
        assert reply.content == {"error": {"code": "403", "message": message}}
    assert login.status == 400
