"""Any input of a form or a call leaves the request's structure intact."""

import base64
from collections.abc import Iterator
import json
import re
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings, strategies as st
from yarl import URL

from custom_components.azure_stt.azure_speech import (
    TRACE_CONFIG,
    Cloud,
    Endpoint,
    EntraCredential,
    KeyCredential,
    PronunciationAssessment,
    RecognitionOptions,
    SpeechClient,
    SpeechError,
)
from tests.emulator import S0_KEY, Emulator, EntraApplication

from .helpers import KEY_HEADER, OPTIONS, RECOGNITION_PATH, SENTENCE, SPOKEN, Connect
from .hostile import HostileServer, head

EVIL: Final = (
    *("\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "a\r\n\r\nPOST /evil HTTP/1.1\r\nHost: evil"),
    *("\0", "a\0b", "\x0b\x0c\x1c\x1d\x85\u2028\u2029", "%0d%0aX-Evil:%201", "\\r\\nX-Evil: 1"),
    *("a&profanity=raw", "a#b", "a?b=c", "a=b", "a;b", "a+b", "a b", "%", "%%", "%zz", "../..//"),
    *("é", "世界", "🙂", "\u202e\u200b\ufeff", "\x7f", '"', "'", "<b>", "{}", "${x}", "a" * 10_000),
)
PIECES: Final = st.sampled_from(
    ("\r\n", "\n", "\r", ": ", "X-Evil", " ", "&", "=", "%0a", *EVIL[:8])
)
TEXTS: Final = st.one_of(
    st.sampled_from(EVIL),
    st.text(),
    st.lists(st.one_of(PIECES, st.characters(codec="utf-8")), max_size=6).map("".join),
)
FEW: Final = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ANSWER: Final = head("Connection: close") + b'{"RecognitionStatus": "NoMatch"}'

HEADERS: Final = {
    *("host", "content-type", "accept", "accept-encoding", "user-agent", "transfer-encoding"),
    *("expect", "authorization", KEY_HEADER.lower(), "pronunciation-assessment"),
}


def shape(request: bytes) -> tuple[str, dict[str, str]]:
    """Return a request's target and headers; fail if it isn't one POST and nothing else."""
    lines = request.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert not [line for line in lines if not line.isprintable()]
    first = re.fullmatch(r"POST (\S+) HTTP/1\.1", lines[0])
    assert first
    headers = [line.split(": ", 1) for line in lines[1:]]
    names = [name.lower() for name, _ in headers]
    assert len(names) == len(set(names))
    assert set(names) <= HEADERS
    return first[1], dict(zip(names, (value for _, value in headers), strict=True))


async def requested(
    options: RecognitionOptions = OPTIONS, key: str = S0_KEY
) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the shapes of the requests for a recognition, the last of which has the key."""
    async with (
        HostileServer.running(lambda: [ANSWER]) as server,
        ClientSession(trace_configs=[TRACE_CONFIG]) as session,
    ):
        endpoint = Endpoint.from_address(server.url)
        credential = KeyCredential(session, endpoint.token_url, key)
        try:
            await SpeechClient(session, endpoint, credential).recognize(SPOKEN, options)
        except SpeechError:
            assert not server.requests
    # The answer of the token's request is no token.
    return map(shape, server.requests[1:])


@FEW
@given(TEXTS, st.sampled_from(["language", "cid"]))
async def test_query(text: str, where: str) -> None:
    """A language or an endpoint id arrives as one parameter, letter for letter."""
    options = (
        RecognitionOptions(language=text)
        if where == "language"
        else RecognitionOptions(language="en-US", endpoint_id=text)
    )
    [(target, _)] = await requested(options)
    path, _, query = target.partition("?")
    assert path == f"/stt{RECOGNITION_PATH}"
    found = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    sent = dict(found)
    assert len(found) == len(sent)
    assert re.fullmatch("[0-9a-f]{32}", sent.pop("X-ConnectionId"))
    expected = {"language": "en-US", "format": "detailed", "profanity": "masked"}
    assert sent == expected | ({where: text} if text or where == "language" else {})


@FEW
@given(TEXTS)
async def test_key(text: str) -> None:
    """A key is one header's value, without characters that can't be in one."""
    plain = "".join(char for char in text if "!" <= char <= "~")
    found = list(await requested(key=text))
    assert [headers[KEY_HEADER.lower()] for _, headers in found] == [plain] * bool(plain)
    assert not any("authorization" in headers for _, headers in found)


@FEW
@given(TEXTS, TEXTS)
async def test_assessment(text: str, scenario: str) -> None:
    """The reference text is base64 of JSON: it can't end the header."""
    assessment = PronunciationAssessment(reference_text=text, scenario_id=scenario)
    [(_, headers)] = await requested(RecognitionOptions(language="en-US", pronunciation=assessment))
    sent = json.loads(base64.b64decode(headers["pronunciation-assessment"], validate=True))
    assert (sent["ReferenceText"], sent["ScenarioId"]) == (text, scenario)
    assert len(sent) == 7


@FEW
@given(TEXTS)
async def test_resource_id(text: str) -> None:
    """A resource's id stays within its header; the token follows it."""
    async with (
        Emulator() as emulator,
        HostileServer.running(lambda: [ANSWER]) as server,
        ClientSession(trace_configs=[TRACE_CONFIG]) as session,
    ):
        credential = EntraCredential(
            session,
            URL(f"{emulator.url}/{emulator.entra.tenant_id}/oauth2/v2.0/token"),
            Cloud.PUBLIC.entra_scope,
            client_id=emulator.entra.client_id,
            client_secret=emulator.entra.client_secret,
            resource_id=text,
        )
        endpoint = Endpoint.from_address(server.url)
        await SpeechClient(session, endpoint, credential).recognize(SPOKEN, OPTIONS)
        [token] = emulator.requests
    [(_, headers)] = map(shape, server.requests)
    plain = "".join(filter(str.isprintable, text)).strip()
    value = json.loads(token.text)["access_token"]
    assert headers["authorization"] == f"Bearer aad#{plain}#{value}"


@FEW
@given(TEXTS, TEXTS)
async def test_entra_form(client_id: str, client_secret: str) -> None:
    """An application's id and secret are one field and one line each, and bring no other."""
    pasted = f"id {client_id}", f"the secret {client_secret}"
    plain = ("".join(filter(str.isprintable, text)).strip() for text in pasted)
    application = EntraApplication(**dict(zip(("client_id", "client_secret"), plain, strict=True)))
    async with (
        Emulator(entra=application) as emulator,
        ClientSession(trace_configs=[TRACE_CONFIG]) as session,
    ):
        connect = Connect(session=session, emulator=emulator)
        client = connect.entra(client_id=pasted[0], client_secret=pasted[1])
        # The emulator refuses any other value.
        assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
