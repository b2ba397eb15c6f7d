"""Which of Azure's hosts and paths the emulator has."""

import pytest

from tests.emulator import (
    Credential,
    Endpoint,
    speak,
)
from tests.emulator.caller import (
    RECOGNITION_PATH,
    TOKEN_PATH,
    bearer,
    calling,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

SPEECH_HOST = "westus.stt.speech.microsoft.com"
TOKEN_HOST = "westus.api.cognitive.microsoft.com"
CUSTOM_HOST = "home.cognitiveservices.azure.com"
CLOUDS = [
    ("westus.stt.speech.microsoft.com", "westus.api.cognitive.microsoft.com"),
    ("usgovvirginia.stt.speech.azure.us", "usgovvirginia.api.cognitive.microsoft.us"),
    ("chinaeast2.stt.speech.azure.cn", "chinaeast2.api.cognitive.azure.cn"),
]
CUSTOM_HOSTS = [
    None,
    "localhost:8123",
    "home.cognitiveservices.azure.com",
    "home-2.cognitiveservices.azure.us",
    "home.cognitiveservices.azure.cn",
]


@pytest.mark.parametrize(("speech_host", "token_host"), CLOUDS)
async def test_regions_of_every_cloud(speech_host: str, token_host: str) -> None:
    """A region has one host for tokens and one for recognition, which takes them."""
    async with calling() as caller:
        token = await caller.fetch_token(host=token_host)
        reply = await caller.with_credentials(bearer(token)).recognize(
            speak("on"), host=speech_host, path=RECOGNITION_PATH
        )
    assert reply.status == 200
    assert caller.emulator.requests_for(Endpoint.RECOGNITION)[0].credential is Credential.TOKEN


@pytest.mark.parametrize("host", CUSTOM_HOSTS)
async def test_custom_domains(host: str | None) -> None:
    """A custom domain, and this machine, has both under one name."""
    async with calling() as caller:
        token = await caller.fetch_token(host=host)
        reply = await caller.with_credentials(bearer(token)).recognize(speak("on"), host=host)
    assert reply.status == 200


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (SPEECH_HOST, f"/stt{RECOGNITION_PATH}"),
        (SPEECH_HOST, f"{RECOGNITION_PATH}/"),
        (SPEECH_HOST, TOKEN_PATH),
        (TOKEN_HOST, RECOGNITION_PATH),
        (TOKEN_HOST, f"/stt{RECOGNITION_PATH}"),
        (CUSTOM_HOST, RECOGNITION_PATH),
        (CUSTOM_HOST, "/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"),
        ("login.microsoftonline.com", TOKEN_PATH),
        ("westus.stt.speech.microsoft.us", RECOGNITION_PATH),
        ("example.com", RECOGNITION_PATH),
        (None, RECOGNITION_PATH),
        (None, "/"),
    ],
)
async def test_other_hosts_and_paths_are_not_found(host: str | None, path: str) -> None:
    """404 in Azure's form, before any audio."""
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), host=host, path=path, expect=True)
    assert reply.status == 404
    assert reply.content == {"statusCode": 404, "message": "Resource not found"}
    record = caller.emulator.requests[0]
    assert (record.kind, record.body_bytes) == (Endpoint.UNKNOWN, 0)


async def test_only_posts() -> None:
    """Reading an endpoint finds nothing."""
    async with calling() as caller, caller.session.get(caller.emulator.url + TOKEN_PATH) as reply:
        assert reply.status == 404
