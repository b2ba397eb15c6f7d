"""Tokens and keys: the requests for tokens, and the fallbacks after a refusal."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import logging

from aiohttp import ClientSession
from aiohttp.test_utils import unused_port
import pytest
from yarl import URL

from custom_components.azure_stt.azure_speech import (
    AuthenticationError,
    InvalidAnswerError,
    KeyCredential,
    OtherHostError,
    RecognitionStatus,
    ResponseError,
    SpeechClient,
    SpeechConnectionError,
    SpeechError,
    ThrottledError,
    clean_key,
    credentials,
)
from tests.emulator import (
    S0_KEY,
    Credential,
    Emulator,
    Endpoint as Service,
    Fault,
    Moment,
    authentication,
    speak,
)
from tests.support.streams import eventually

from .helpers import (
    OPTIONS,
    SENTENCE,
    SPOKEN,
    Clock,
    Connect,
    Microphone,
    authorizations,
    token_requests,
)

WRONG_KEY = "0" * 32
MINUTE = 60.0
UNAUTHORIZED = Fault(status=401)


async def hear(client: SpeechClient) -> None:
    """Have a sentence recognized."""
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE


def used(emulator: Emulator) -> list[Credential | None]:
    """Return the credentials of each recognition that the emulator saw."""
    return [record.credential for record in emulator.requests_for(Service.RECOGNITION)]


async def test_one_token_for_many_utterances(emulator: Emulator, client: SpeechClient) -> None:
    """However many begin at once, and whenever later ones come, one token serves them."""
    await asyncio.gather(*(hear(client) for _ in range(20)))
    await hear(client)
    assert token_requests(emulator) == 1
    assert used(emulator) == [Credential.TOKEN] * 21


async def test_idle_asks_for_nothing(
    emulator: Emulator, client: SpeechClient, clock: Clock
) -> None:
    """Without speech nothing is sent: neither before the first utterance nor after it."""
    assert not emulator.requests
    await hear(client)
    clock.now += 24 * 60 * MINUTE
    await asyncio.sleep(0)
    assert token_requests(emulator) == 1


async def test_token_serves_nine_minutes(
    emulator: Emulator, client: SpeechClient, clock: Clock
) -> None:
    """The last utterance of the ninth minute has the old token, the next a new one."""
    await hear(client)
    clock.now += 9 * MINUTE - 1
    # No renewal ends meanwhile.
    emulator.faults.append(Fault(where=Service.TOKEN, delay=30))
    await hear(client)
    first, second = authorizations(emulator)
    assert second == first
    clock.now += 1
    await hear(client)
    assert authorizations(emulator)[2] not in {first, "key"}


@pytest.mark.parametrize(
    ("age", "renewals"), [(6 * MINUTE - 1, 0), (6 * MINUTE, 1)], ids=["young", "old"]
)
async def test_renews_beside_an_utterance(
    emulator: Emulator, client: SpeechClient, clock: Clock, age: float, renewals: int
) -> None:
    """From the seventh minute on an utterance renews the token that it uses; one of many."""
    await hear(client)
    clock.now += age
    microphones = [Microphone(speak(SENTENCE)) for _ in range(5)]
    tasks = [
        asyncio.create_task(client.recognize(microphone, OPTIONS)) for microphone in microphones
    ]
    for microphone in microphones:
        await microphone.waiting.wait()
    if renewals:
        await eventually(lambda: emulator.requests_for(Service.TOKEN)[-1].answered is not None)
        await eventually(lambda: not client.credential.renewal_due)
    for microphone in microphones:
        microphone.stop()
    await asyncio.gather(*tasks)
    assert token_requests(emulator) == 1 + renewals
    assert len(set(authorizations(emulator))) == 1

    await hear(client)
    assert token_requests(emulator) == 1 + renewals
    assert len(set(authorizations(emulator))) == 1 + renewals
    assert "key" not in authorizations(emulator)


async def test_renewal_neither_delays_nor_outlives_the_utterance(
    emulator: Emulator, client: SpeechClient, clock: Clock
) -> None:
    """A slow token service isn't waited for, and its request ends with the answer."""
    await hear(client)
    clock.now += 7 * MINUTE
    emulator.faults.append(Fault(where=Service.TOKEN, delay=30))
    tasks = asyncio.all_tasks()
    microphone = Microphone(speak(SENTENCE))

    async def stop() -> None:
        await eventually(lambda: token_requests(emulator) == 2)
        microphone.stop()

    stopping = asyncio.create_task(stop())
    async with asyncio.timeout(2):
        assert (await client.recognize(microphone, OPTIONS)).text == SENTENCE
    # Looked at before the loop has gone on.
    assert not [left for left in asyncio.all_tasks() if "Credential.renew" in repr(left)]
    await stopping
    await eventually(lambda: asyncio.all_tasks() <= tasks)
    await hear(client)
    assert token_requests(emulator) == 3


async def test_failed_renewal_leaves_the_token(
    emulator: Emulator, client: SpeechClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The old token is good for as long as it was."""
    await hear(client)
    clock.now += 7 * MINUTE
    emulator.faults.append(Fault(where=Service.TOKEN, status=500))
    microphone = Microphone(speak(SENTENCE))
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    await eventually(lambda: token_requests(emulator) == 2)
    await eventually(lambda: "The token was not renewed: HTTP 500" in caplog.text)
    microphone.stop()
    assert (await task).text == SENTENCE
    assert len(set(authorizations(emulator))) == 1
    assert client.credential.renewal_due


async def test_refused_token_is_replaced(emulator: Emulator, client: SpeechClient) -> None:
    """A 401 for the token that was kept is answered by a fresh one, with all of the audio."""
    await hear(client)
    emulator.expire_tokens()
    await hear(client)
    old, refused, fresh = authorizations(emulator)
    assert refused == old
    assert fresh not in {old, "key"}
    assert token_requests(emulator) == 2
    assert bytes(emulator.requests[-1].audio) == speak(SENTENCE)


async def test_many_refused_tokens_are_replaced_by_one(
    emulator: Emulator, client: SpeechClient
) -> None:
    """Utterances that meet the same refusal share the fresh token."""
    await hear(client)
    emulator.expire_tokens()
    await asyncio.gather(*(hear(client) for _ in range(10)))
    assert token_requests(emulator) == 2
    assert "key" not in authorizations(emulator)


async def test_late_refusal_spares_the_fresh_token(
    emulator: Emulator, client: SpeechClient
) -> None:
    """A refusal of the old token doesn't cost the one that has taken its place meanwhile."""
    await hear(client)
    emulator.faults.append(Fault(status=401, at=Moment.BEFORE_BODY, delay=0.2))
    late = asyncio.create_task(hear(client))
    await eventually(lambda: len(authorizations(emulator)) == 2)
    emulator.expire_tokens()
    await hear(client)
    await late
    assert token_requests(emulator) == 2
    assert len(set(authorizations(emulator)[-2:])) == 1


async def test_key_goes_when_even_a_fresh_token_is_refused(
    emulator: Emulator, client: SpeechClient, clock: Clock
) -> None:
    """Then the key itself is tried, and goes alone for five minutes."""
    await hear(client)
    emulator.faults += [UNAUTHORIZED] * 2
    await hear(client)
    kept, old, fresh, key = authorizations(emulator)
    assert (kept == old, fresh == old, fresh == "key", key) == (True, False, False, "key")
    assert used(emulator)[-1] is Credential.KEY
    assert token_requests(emulator) == 2

    clock.now += 5 * MINUTE - 1
    await hear(client)
    assert authorizations(emulator)[4:] == ["key"]
    clock.now += 1
    await hear(client)
    assert authorizations(emulator)[5] not in {"key", old, fresh}
    assert token_requests(emulator) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), id="500"),
        pytest.param(Fault(status=401), id="401"),
        pytest.param(Fault(status=403), id="403"),
        pytest.param(Fault(status=404), id="404"),
        pytest.param(Fault(status=429, headers={"Retry-After": "60"}), id="429"),
        pytest.param(Fault(status=204), id="204"),
        pytest.param(Fault(status=307, headers={"Location": "/elsewhere"}), id="redirection"),
        pytest.param(Fault(reset=True), id="reset"),
        pytest.param(Fault(delay=30), id="hanging"),
        pytest.param(Fault(status=200), id="empty"),
        pytest.param(Fault(status=200, body="<html>Log in</html>"), id="HTML"),
        pytest.param(Fault(status=200, body="töken"), id="not ASCII"),
        pytest.param(Fault(status=200, body="a\r\nX-Evil: 1"), id="line end"),
        pytest.param(Fault(status=200, body="a" * (16 * 1024 + 1)), id="too long"),
        pytest.param(Fault(status=200, body_size=2 * 1024 * 1024, body="a"), id="huge"),
        pytest.param(Fault(status=200, body_size=500, body="a", bytes_per_second=100), id="slow"),
    ],
)
async def test_key_goes_when_there_is_no_token(
    emulator: Emulator,
    client: SpeechClient,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    """A broken token service fails no command; it isn't asked again for five minutes."""
    monkeypatch.setattr(credentials, "TOKEN_TIMEOUT", 0.5)
    emulator.faults.append(replace(fault, where=Service.TOKEN))
    await hear(client)
    clock.now += 5 * MINUTE - 1
    await hear(client)
    assert authorizations(emulator) == ["key", "key"]
    assert token_requests(emulator) == 1
    assert len(emulator.requests) == 3
    clock.now += 1
    await hear(client)
    assert token_requests(emulator) == 2
    assert used(emulator)[-1] is Credential.TOKEN


@pytest.mark.parametrize("value", ["a", "!", "~", "a" * 16 * 1024], ids=lambda value: value[:9])
def test_possible_token(value: str) -> None:
    """Up to 16 KiB of characters that a header allows, without a space."""
    assert credentials._Token.issued_now(value, 60).value == value


@pytest.mark.parametrize(
    "value",
    [None, 5, b"a", "", " ", "a b", "a\n", "\x7f", "é", "a" * (16 * 1024 + 1)],
    ids=["None", "number", "bytes", "empty", "space", "words", "line", "DEL", "é", "long"],
)
def test_impossible_token(value: object) -> None:
    """Anything else."""
    with pytest.raises(InvalidAnswerError, match=r"^The token service's answer is not a token$"):
        credentials._Token.issued_now(value, 60)


async def test_form_of_the_token_request(emulator: Emulator, client: SpeechClient) -> None:
    """It has the key, no body, and the type that Microsoft's page asks for."""
    await hear(client)
    [record] = emulator.requests_for(Service.TOKEN)
    assert record.headers["Ocp-Apim-Subscription-Key"] == S0_KEY
    assert record.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert record.headers["Content-Length"] == "0"


async def test_longest_token_is_used(emulator: Emulator, client: SpeechClient) -> None:
    """A token may have 16 KiB."""
    token = "a" * 4096
    emulator.faults.append(Fault(where=Service.TOKEN, status=200, body=token))
    await hear(client)
    assert authorizations(emulator) == [f"Bearer {token}", *authorizations(emulator)[1:]]


async def test_key_goes_when_the_token_service_is_away(
    session: ClientSession, emulator: Emulator, connect: Connect
) -> None:
    """A token host that refuses connections is trouble like any other."""
    nowhere = URL(f"http://127.0.0.1:{unused_port()}/sts/v1.0/issueToken")
    await hear(connect(credential=KeyCredential(session, nowhere, S0_KEY)))
    assert authorizations(emulator) == ["key"]


async def test_wrong_key(emulator: Emulator, connect: Connect) -> None:
    """Only when the key itself is refused are the credentials wrong."""
    client = connect(WRONG_KEY)
    with pytest.raises(AuthenticationError) as info:
        await client.recognize(SPOKEN, OPTIONS)
    assert info.value.status == 401
    assert not info.value.retryable
    assert info.value.connection_id == emulator.requests[-1].query["X-ConnectionId"]
    assert token_requests(emulator) == 1
    assert authorizations(emulator) == ["key"]
    assert not emulator.requests[-1].body_bytes


@pytest.mark.parametrize("key", ["", " ", "\u200b\n"], ids=ascii)
async def test_no_key(emulator: Emulator, connect: Connect, key: str) -> None:
    """Without a key nothing is sent: Azure's 403 would look like a quota that is used up."""
    with pytest.raises(AuthenticationError, match=r"^There are no credentials$") as info:
        await connect(key).recognize(SPOKEN, OPTIONS)
    assert info.value.status == 401
    assert not emulator.requests


@pytest.mark.parametrize(
    "pasted",
    [f" {S0_KEY}\n", f"\u200b{S0_KEY}\ufeff", f"{S0_KEY[:9]}\u00ad{S0_KEY[9:]}\r\n", S0_KEY],
)
async def test_pasted_key(connect: Connect, pasted: str) -> None:
    """Spaces, line ends and invisible marks are no part of a key."""
    assert clean_key(pasted) == S0_KEY
    await hear(connect(pasted))


def test_key_of_any_signs() -> None:
    """All characters that a header allows are kept, from the first to the last."""
    signs = "".join(map(chr, range(0x21, 0x7F)))
    assert clean_key(f"\0 {signs} \x7f\x80\xff") == signs


async def test_cancelling_the_first_asker(emulator: Emulator, client: SpeechClient) -> None:
    """A caller that waits for another's token asks for it if the other is cancelled."""
    emulator.faults.append(Fault(where=Service.TOKEN, delay=30))
    first = asyncio.create_task(hear(client))
    await eventually(lambda: token_requests(emulator) == 1)
    second = asyncio.create_task(hear(client))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert first.cancelled()
    assert token_requests(emulator) == 2
    assert used(emulator) == [Credential.TOKEN]


# Microsoft Entra.


async def test_entra(emulator: Emulator, connect: Connect) -> None:
    """The resource's id goes with the token, once for as many utterances as there are."""
    client = connect.entra()
    await asyncio.gather(*(hear(client) for _ in range(5)))
    assert token_requests(emulator) == 1
    assert used(emulator) == [Credential.ENTRA] * 5
    [header] = set(authorizations(emulator))
    assert header.startswith(f"Bearer aad#{emulator.entra.resource_id}#ey")


async def test_entra_resource_id_is_one_line(emulator: Emulator, connect: Connect) -> None:
    """Text pasted along with the id can't become another header."""
    client = connect.entra(resource_id=f" {emulator.entra.resource_id}\r\nX-Evil: 1\u200b\n")
    with pytest.raises(AuthenticationError):
        await client.recognize(SPOKEN, OPTIONS)
    assert "X-Evil" not in emulator.requests[-1].headers
    await hear(connect.entra(resource_id=f"\u200b{emulator.entra.resource_id}\r\n"))


async def test_entra_token_serves_its_own_lifetime(
    emulator: Emulator, connect: Connect, clock: Clock
) -> None:
    """Two minutes are left of the hour that Entra gives."""
    client = connect.entra()
    await hear(client)
    clock.now += 3599 - 120 - 1
    emulator.faults.append(Fault(where=Service.ENTRA, delay=30))
    await hear(client)
    first, second = authorizations(emulator)
    assert first == second
    clock.now += 1
    await hear(client)
    assert authorizations(emulator)[2] != first


@pytest.mark.parametrize(("lifetime", "requests"), [(121.0, 1), (120.0, 2), (60.0, 2)])
async def test_entra_token_that_lives_shortly(
    emulator: Emulator,
    connect: Connect,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    lifetime: float,
    requests: int,
) -> None:
    """A token with less than the margin left is used, but not kept."""
    monkeypatch.setattr(authentication, "_ENTRA_LIFE", lifetime)
    client = connect.entra()
    await hear(client)
    await hear(client)
    assert token_requests(emulator) == requests
    assert used(emulator) == [Credential.ENTRA] * 2


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        pytest.param(lambda connect: connect.entra(tenant_id="another"), 400, id="tenant"),
        pytest.param(lambda connect: connect.entra(client_id="another"), 400, id="client"),
        pytest.param(lambda connect: connect.entra(client_secret="another"), 401, id="secret"),
    ],
)
async def test_entra_refuses(
    emulator: Emulator, connect: Connect, wrong: Callable[[Connect], SpeechClient], status: int
) -> None:
    """A wrong tenant, application or secret are wrong credentials, and no speech is sent."""
    with pytest.raises(AuthenticationError) as info:
        await wrong(connect).recognize(SPOKEN, OPTIONS)
    assert str(info.value).startswith(f"HTTP {status}, the credentials were refused")
    assert info.value.status == status
    assert not info.value.retryable
    assert not authorizations(emulator)


async def test_entra_secret_with_pasted_marks(emulator: Emulator, connect: Connect) -> None:
    """Marks, line ends and half a surrogate pair are left out of the secret and the app's id."""
    client = connect.entra(
        client_id=f"\ufeff{emulator.entra.client_id}\r\n",
        client_secret=f" {emulator.entra.client_secret}\ud800\u200b\n",
    )
    await hear(client)
    assert token_requests(emulator) == 1


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (
            Fault(where=Service.ENTRA, status=400, body='{"error_description": "No tenant."}'),
            "(No tenant.)",
        ),
        (
            Fault(where=Service.ENTRA, status=200, body="{}"),
            "The token service's answer is not a token",
        ),
        (
            Fault(where=Service.ENTRA, status=200, body='{"access_token": 1, "expires_in": 9}'),
            "The token service's answer is not a token",
        ),
    ],
    ids=["refused", "nothing", "no token"],
)
async def test_reason_of_entra(
    emulator: Emulator, connect: Connect, fault: Fault, text: str
) -> None:
    """An error quotes Microsoft Entra's reason, or says that it's no answer."""
    emulator.faults.append(fault)
    with pytest.raises(SpeechError) as info:
        await connect.entra().recognize(SPOKEN, OPTIONS)
    assert str(info.value).endswith(text)


async def test_entra_is_away(emulator: Emulator, connect: Connect) -> None:
    """The error names the host that isn't there."""
    emulator.faults.append(Fault(where=Service.ENTRA, reset=True))
    with pytest.raises(SpeechConnectionError, match=r"^The connection to 127\.0\.0\.1 failed"):
        await connect.entra().recognize(SPOKEN, OPTIONS)


async def test_entra_refuses_a_resource_id(emulator: Emulator, connect: Connect) -> None:
    """A wrong resource id is refused by the resource; that the token was fresh suffices."""
    client = connect.entra(resource_id="/subscriptions/another")
    with pytest.raises(AuthenticationError):
        await client.recognize(SPOKEN, OPTIONS)
    assert (token_requests(emulator), len(authorizations(emulator))) == (1, 1)


async def test_entra_token_that_is_refused_is_replaced(
    emulator: Emulator, connect: Connect
) -> None:
    """A kept token gets a second chance by a fresh one; a key there is not."""
    client = connect.entra()
    await hear(client)
    emulator.faults += [UNAUTHORIZED]
    await hear(client)
    assert token_requests(emulator) == 2
    emulator.faults += [UNAUTHORIZED] * 2
    with pytest.raises(ThrottledError) as info:
        await client.recognize(SPOKEN, OPTIONS)
    assert (info.value.status, info.value.retryable) == (401, True)
    assert token_requests(emulator) == 3
    assert "key" not in authorizations(emulator)


@pytest.mark.parametrize(
    ("fault", "kind", "retryable"),
    [
        (Fault(where=Service.ENTRA, status=500), ResponseError, True),
        (Fault(where=Service.ENTRA, status=429), ResponseError, True),
        (Fault(where=Service.ENTRA, status=404), OtherHostError, False),
        (Fault(where=Service.ENTRA, status=200, body="<html>"), InvalidAnswerError, True),
        (Fault(where=Service.ENTRA, status=200, body="[]"), InvalidAnswerError, True),
        (Fault(where=Service.ENTRA, status=200, body="null"), InvalidAnswerError, True),
        (Fault(where=Service.ENTRA, status=200, body="{}"), InvalidAnswerError, True),
        *(
            (
                Fault(
                    where=Service.ENTRA,
                    status=200,
                    body=f'{{"access_token": {token}, "expires_in": {life}}}',
                ),
                InvalidAnswerError,
                True,
            )
            for token, life in (
                ('"a"', "null"),
                ('"a"', '"soon"'),
                ('"a"', "[]"),
                ('"a"', "1" + "0" * 400),
                ('"a"', "1" + "0" * 5000),
                ('"a"', "[" * 100_000),
                ("1", "3599"),
                ("null", "3599"),
                ('""', "3599"),
                ('"a b"', "3599"),
                (r'"a\nb"', "3599"),
                (r'"\ud800"', "3599"),
            )
        ),
    ],
    ids=lambda value: f"{value.status} {value.body[:60]}" if isinstance(value, Fault) else "",
)
async def test_entra_in_trouble(
    emulator: Emulator,
    connect: Connect,
    fault: Fault,
    kind: type[SpeechError],
    retryable: bool,  # noqa: FBT001
) -> None:
    """Trouble isn't taken for wrong credentials, nor garbage for a token; then all is well."""
    client = connect.entra()
    emulator.faults.append(fault)
    with pytest.raises(SpeechError) as info:
        await client.recognize(SPOKEN, OPTIONS)
    assert type(info.value) is kind
    assert info.value.retryable is retryable
    assert not authorizations(emulator)
    await hear(client)


async def test_failure_to_get_a_token_is_shared(emulator: Emulator, connect: Connect) -> None:
    """Callers that waited for a failed token don't ask again; later callers do."""
    client = connect.entra()
    emulator.faults.append(Fault(where=Service.ENTRA, status=503, delay=0.05, times=None))
    results = await asyncio.gather(
        *(client.recognize(SPOKEN, OPTIONS) for _ in range(10)), return_exceptions=True
    )
    assert {type(result) for result in results} == {ResponseError}
    assert token_requests(emulator) == 1
    emulator.faults.clear()
    await hear(client)
    assert token_requests(emulator) == 2


async def test_check(emulator: Emulator, client: SpeechClient, connect: Connect) -> None:
    """A tiny recognition of silence proves address and credentials."""
    await client.check("de-DE")
    token, speech = emulator.requests
    assert token.kind is Service.TOKEN
    assert (speech.query["language"], speech.query["format"]) == ("de-DE", "simple")
    assert bytes(speech.audio) == bytes(6400)
    assert RecognitionStatus.INITIAL_SILENCE_TIMEOUT in speech.text
    await connect().check()
    assert emulator.requests[-1].query["language"] == "en-US"
    with pytest.raises(AuthenticationError):
        await connect(WRONG_KEY).check()


async def test_says_why_there_is_no_token(
    emulator: Emulator, client: SpeechClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The debug log gives reasons that a working home wouldn't show."""
    caplog.set_level(logging.DEBUG, "custom_components.azure_stt")
    emulator.faults.append(Fault(where=Service.TOKEN, status=503))
    await hear(client)
    assert "The key goes without a token: HTTP 503" in caplog.text
