"""Runs as against Azure: with its hosts' names, its text-to-speech and a question before."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
import json
from pathlib import Path
import re
from types import ModuleType
from typing import Any, Final
from xml.sax.saxutils import unescape

import pytest

from tests.emulator import (
    Emulator,
    Endpoint,
    EntraHosts,
    Fault,
    Profile,
    Redirection,
    silence,
    speak,
)

from .helpers import load_script, read_files

pytestmark = pytest.mark.usefixtures("socket_enabled")

KEY: Final = "0123456789abcdef" * 2
REGION: Final = "norwayeast"
NAME: Final = "my-own-speech"
DOMAIN: Final = f"{NAME}.cognitiveservices.azure.com"
SPEECH_HOST: Final = f"{REGION}.stt.speech.microsoft.com"
VOICES: Final = [
    {"Locale": "de-DE", "ShortName": "de-DE-KatjaNeural", "VoiceType": "Neural"},
    {"Locale": "en-US", "ShortName": "en-US-AvaNeural", "VoiceType": "Neural"},
]


class TextToSpeech:
    """Azure's text-to-speech, as far as it is needed."""

    def __init__(self) -> None:
        """Initialize the service without any request."""
        self.requests: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request: with the voices, or with speech between two pauses."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        match = re.search(r"Content-Length: (\d+)", head)
        ssml = (await reader.readexactly(int(match[1]))).decode() if match else ""
        self.requests.append(head + ssml)
        body = json.dumps(VOICES).encode()
        if ssml:
            text = unescape(re.sub("<.*?>", "", ssml))
            body = silence(0.2) + speak(text) + silence(0.8)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        await writer.drain()
        writer.close()


@dataclass(frozen=True, kw_only=True)
class World:
    """The script, and Azure as it sees it."""

    script: ModuleType
    azure: Emulator
    speech: TextToSpeech
    output: pytest.CaptureFixture[str]

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run the script; return its exit code, standard output and error."""
        code = await asyncio.to_thread(self.script.main, arguments)
        captured = self.output.readouterr()
        return code, captured.out, captured.err

    @property
    def hosts(self) -> set[str]:
        """The hosts that were asked to recognize."""
        return {request.host for request in self.azure.requests_for(Endpoint.RECOGNITION)}


@pytest.fixture
async def world(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncGenerator[World]:
    """Return the script, whose connections lead to this machine, in real time's tenth."""
    script, speech = load_script(), TextToSpeech()
    server = await asyncio.start_server(speech.serve, "127.0.0.1", 0)
    speech.port = server.sockets[0].getsockname()[1]
    azure = Emulator(**vars(Profile(latency=0)), token_region=REGION)
    azure.keys = {KEY: azure.keys.popitem()[1]}

    def link(_service: object, host: str) -> Any:  # noqa: ANN401
        port = speech.port if ".tts." in host else azure.port
        return script.Link(script.Address(host="127.0.0.1", port=port, tls=False))

    monkeypatch.setattr(script.Service, "link", link)
    make_service = script.make_service
    monkeypatch.setattr(
        script, "make_service", lambda *given: replace(make_service(*given), pace=10)
    )
    for name in ("AZURE_SPEECH_KEY", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    async with server, azure:
        yield World(script=script, azure=azure, speech=speech, output=capsys)


def entra(azure: Emulator) -> list[str]:
    """Return the options of the emulator's application."""
    return [
        f"--tenant-id={azure.entra.tenant_id}",
        f"--client-id={azure.entra.client_id}",
        f"--client-secret={azure.entra.client_secret}",
        f"--resource-id={azure.entra.resource_id}",
    ]


async def test_region_and_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key comes from the environment, the voice from the same resource."""
    monkeypatch.setenv("AZURE_SPEECH_KEY", f" {KEY}\u200b")
    code, table, told = await world.run(
        "--region=Norway East", "--yes", "--only", "token", "key", "alternatives"
    )
    assert code == 0, told
    assert "service Azure (public cloud), language en-US, credential key" in table
    assert "2 phrases" not in table
    assert re.search(r"3 probes will send about 6 s of audio .* about US\$ 0\.01", told)
    assert world.hosts == {SPEECH_HOST}
    listed, *spoken = world.speech.requests
    assert listed.startswith("GET /cognitiveservices/voices/list HTTP/1.1\r\n")
    assert len(spoken) == 3
    assert all(KEY in request and "en-US-AvaNeural" in request for request in spoken)
    assert "X-Microsoft-OutputFormat: raw-16khz-16bit-mono-pcm" in spoken[0]


async def test_question(world: World) -> None:
    """Without a terminal and --yes nothing is sent."""
    code, _, told = await world.run(f"--region={REGION}", f"--key={KEY}")
    assert code == 2
    assert told.endswith("verify-azure: Nothing was sent. Give --yes to run without a question.\n")
    assert not world.hosts
    assert not world.speech.requests


@pytest.mark.parametrize(
    ("answer", "sends"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", False)]
)
async def test_answer(
    answer: str, *, sends: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a yes is one."""

    class Terminal:
        isatty = staticmethod(lambda: True)
        readline = staticmethod(lambda: answer)

    monkeypatch.setattr("sys.stdin", Terminal())
    code, _, told = await world.run(f"--region={REGION}", f"--key={KEY}", "--only", "token")
    assert "Go on? [y/N] " in told
    assert code == (0 if sends else 2)
    assert bool(world.hosts) is sends


async def test_wrong_key(world: World) -> None:
    """It is found out by the token, before the question and any audio."""
    code, table, told = await world.run(f"--region={REGION}", "--key=wrong")
    assert code == 2
    assert told.startswith("verify-azure: Azure refused the key: 401 “Access denied")
    assert told.count("\n") == 1
    assert not table
    assert not world.hosts


async def test_custom_domain(world: World) -> None:
    """It recognizes; the region's host is known from the token."""
    code, table, told = await world.run(
        f"--endpoint=https://{DOMAIN}/", f"--key={KEY}", "--yes", "--only", "key", "region-host"
    )
    assert code == 0, told
    assert "| region-host |" in table
    assert world.hosts == {DOMAIN, SPEECH_HOST}
    assert world.speech.requests[0].startswith("GET /cognitiveservices/voices/list")


async def test_custom_domain_that_does_not_recognize(world: World) -> None:
    """The region does, and the table tells."""
    target = f"https://{SPEECH_HOST}/speech/recognition/conversation/cognitiveservices/v1"
    world.azure.redirection = Redirection(location=target)
    code, table, told = await world.run(
        f"--endpoint={DOMAIN}", f"--key={KEY}", "--yes", "--only", "key", "custom-domain"
    )
    assert code == 0, told
    assert "| 307 without a body, to a speech host of the same cloud | no |" in table


async def test_redirect_to_a_stranger(world: World) -> None:
    """It isn't followed, and not called one of Azure's."""
    world.azure.redirection = Redirection(location="https://stt.speech.microsoft.com.example.org/")
    _, table, _ = await world.run(
        f"--endpoint={DOMAIN}", f"--key={KEY}", "--yes", "--only", "custom-domain"
    )
    assert "| 307 without a body, to another host | no |" in table


async def test_entra_alone(world: World) -> None:
    """Probes that need a key are skipped."""
    world.azure.entra_hosts = EntraHosts.REGION
    code, table, told = await world.run(
        f"--region={REGION}",
        f"--endpoint={DOMAIN}",
        *entra(world.azure),
        "--yes",
        "--only",
        "token",
        "entra",
        "header-0-0",
    )
    assert code == 0, told
    assert "credential Microsoft Entra" in table
    assert "| needs a key | skipped |" in table
    assert '"entra_hosts": "region"' in table
    assert "Authorization: Bearer aad#/subscriptions/" in world.speech.requests[0]


async def test_voice_of_a_private_endpoint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A custom domain's text-to-speech has a path of its own."""
    script = world.script
    address = script.Address(host="127.0.0.1", port=world.speech.port, tls=False)
    monkeypatch.setattr(script.Service, "link", lambda _service, _host: script.Link(address))
    service = script.Service(
        cloud=script.PUBLIC,
        region=None,
        custom=DOMAIN,
        prefers_custom=True,
        key=KEY,
        entra=None,
        language="en-US",
        script=script.find_script("en-US"),
    )
    voice = await asyncio.to_thread(script.fetch_voice, service)
    assert voice.first == silence(0.02) + speak("Turn on the kitchen light.") + silence(0.02)
    paths = [request.split()[1] for request in world.speech.requests]
    assert paths == ["/tts/cognitiveservices/voices/list", *["/tts/cognitiveservices/v1"] * 3]


async def test_entra_refused(world: World) -> None:
    """One line says why."""
    options = [*entra(world.azure)[:2], "--client-secret=wrong", entra(world.azure)[3]]
    code, _, told = await world.run(f"--endpoint={DOMAIN}", *options, "--yes")
    assert code == 2
    assert told == (
        "verify-azure: Microsoft Entra gave no token: 401 “AADSTS7000215: Invalid client secret.”\n"
    )


async def test_no_secrets(world: World, tmp_path: Path) -> None:
    """Neither table, files nor progress have a key, token or host, even if Azure quotes them."""
    azure = world.azure
    quoting = (
        f"{KEY.upper()} of {NAME} at {SPEECH_HOST}:443 {azure.entra.resource_id} eyJhbGci.e30.x"
    )
    body = json.dumps({"Message": quoting})
    azure.faults = [Fault(), Fault(status=400, body=body), Fault(status=400, body="-" * 290 + KEY)]
    code, table, told = await world.run(
        f"--region={REGION}",
        f"--endpoint={DOMAIN}",
        f"--key={KEY}",
        *entra(azure),
        f"--report={tmp_path}",
        "--yes",
        "--only",
        "token",
        "bearer",
        "key",
        "entra",
        "custom-token",
    )
    assert code == 1, told
    assert "400 “KEY of NAME at HOST:443 RESOURCE TOKEN”" in table
    written = read_files(tmp_path).values()
    everything = "\n".join([table, told, *written]).lower()
    assert len(written) == 3
    tokens = azure._authentication._tokens
    assert len(tokens) >= 3
    secrets = [
        KEY[:5],
        REGION,
        NAME,
        "microsoft.com",
        "azure.com",
        azure.entra.tenant_id,
        azure.entra.client_id,
        azure.entra.client_secret,
        azure.entra.resource_id,
        *tokens,
    ]
    assert [secret for secret in secrets if secret.lower() in everything] == []
