"""Bad answers: refusals, garbage, and answers that are errors themselves."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.azure_stt.azure_speech import (
    InvalidAnswerError,
    OtherHostError,
    QuotaExceededError,
    RecognitionStatus,
    ResponseError,
    SpeechClient,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    ThrottledError,
    Timeouts,
    UnexplainedRequestError,
    transport,
)
from tests.emulator import Emulator, Endpoint as Service, Fault, Moment, silence, speak

from .helpers import OPTIONS, SENTENCE, SPOKEN, Connect, Microphone, RawServer, authorizations

MEBIBYTE = 1024 * 1024
SUCCESS = '{"RecognitionStatus": "Success", "DisplayText": "Hello."}'


async def failure(client: SpeechClient) -> SpeechError:
    """Return the error of a recognition."""
    with pytest.raises(SpeechError) as info:
        await client.recognize(SPOKEN, OPTIONS)
    return info.value


def answering(body: str) -> Fault:
    """Return a 200 with another body than the service's, at the time of its answer."""
    return Fault(at=Moment.AFTER_BODY, status=200, body=body)


@pytest.mark.parametrize(
    ("status", "kind", "retryable", "hint"),
    [
        (202, ResponseError, False, "not what it answers"),
        (203, ResponseError, False, "not what it answers"),
        (300, ResponseError, False, "not what it answers"),
        (400, UnexplainedRequestError, True, "language, audio format or custom endpoint id"),
        (401, ThrottledError, True, "without a reason"),
        (402, ResponseError, False, "not what it answers"),
        (403, QuotaExceededError, False, "quota"),
        (404, OtherHostError, False, "wrong address"),
        (405, ResponseError, False, "not what it answers"),
        (408, ResponseError, True, "no audio"),
        (411, ResponseError, False, "not what it answers"),
        (413, ResponseError, False, "not what it answers"),
        (417, ResponseError, False, "not what it answers"),
        (429, ResponseError, True, "too many"),
        (499, ResponseError, False, "not what it answers"),
        (500, ResponseError, True, "trouble"),
        (501, ResponseError, True, "trouble"),
        (502, ResponseError, True, "trouble"),
        (503, ResponseError, True, "trouble"),
        (504, ResponseError, True, "trouble"),
        (599, ResponseError, True, "trouble"),
    ],
)
async def test_status(
    emulator: Emulator,
    client: SpeechClient,
    status: int,
    kind: type[ResponseError],
    retryable: bool,  # noqa: FBT001
    hint: str,
) -> None:
    """Each status is an error that explains itself and says whether trying again can help."""
    emulator.faults.append(Fault(status=status, times=None, body="<html>"))
    error = await failure(client)
    assert type(error) is kind
    assert isinstance(error, ResponseError)
    assert (error.status, error.retryable, error.retry_after) == (status, retryable, None)
    last = emulator.requests_for(Service.RECOGNITION)[-1]
    assert error.connection_id == last.query["X-ConnectionId"]
    assert str(error).startswith(f"HTTP {status}, ")
    assert hint in str(error)
    # Only a 401 has a second try: the token, a fresh one, the key.
    assert len(authorizations(emulator)) == (2 if status == 401 else 1)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault(status=500), "HTTP 500, the service has trouble"),
        (Fault(status=402), "HTTP 402, not what it answers"),
        (Fault(status=200, body="{"), "The answer is not the Speech service's (JSONDecodeError)"),
        (Fault(status=200, body="{}"), "The answer is not the Speech service's (KeyError)"),
    ],
    ids=["trouble", "other", "garbage", "object"],
)
async def test_message(emulator: Emulator, client: SpeechClient, fault: Fault, text: str) -> None:
    """An error says only which failure happened."""
    emulator.faults.append(fault)
    assert str(await failure(client)) == text


@pytest.mark.parametrize("moment", [Moment.DURING_BODY, Moment.AFTER_BODY])
async def test_refusal_during_the_upload(
    emulator: Emulator, client: SpeechClient, moment: Moment
) -> None:
    """A refusal that comes late says the same."""
    emulator.faults.append(Fault(at=moment, after_bytes=1000, status=429))
    error = await failure(client)
    assert isinstance(error, ResponseError)
    assert error.status == 429


FAR = datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("1.5", 1.5, 1.5),
        ("-3", 0, 0),
        ("86400", 60, 60),
        pytest.param(f"{FAR:%a, %d %b %Y %H:%M:%S}", 60, 60, id="date without a zone"),
        pytest.param(format_datetime(FAR, usegmt=True), 60, 60, id="date in an hour"),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00", 0, 0),
    ],
)
async def test_retry_after(
    emulator: Emulator, client: SpeechClient, header: str, low: float, high: float
) -> None:
    """Seconds or a date: how long the service asks to wait, from nothing to a minute."""
    emulator.faults.append(Fault(status=429, headers={"Retry-After": header}))
    error = await failure(client)
    assert error.retry_after is not None
    assert low <= error.retry_after <= high


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            "soon",
            "nan",
            "inf",
            "-inf",
            "1e999",
            "9" * 500,
            "1, 2",
            "Wed, 99 Oct 2099 07:28:00 GMT",
        ),
        *("Mon, 01 Jan 2024 00:00:00 +9999999999999", "\x7f"),
    ],
)
async def test_retry_after_that_makes_no_sense(
    emulator: Emulator, client: SpeechClient, header: str
) -> None:
    """Nonsense counts as nothing said."""
    emulator.faults.append(Fault(status=503, headers={"Retry-After": header}))
    error = await failure(client)
    assert (error.retryable, error.retry_after) == (True, None)


@settings(deadline=None)
@given(st.one_of(st.text(), st.text("0123456789 :+-,GMTJanMonOct")))
def test_any_retry_after(header: str) -> None:
    """Any text gives a number of seconds or none."""
    seconds = transport._retry_after(header)
    assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"error": {"code": "400", "message": "Why it was"}}', "(Why it was)"),
        ('{"Message": "Why it was"}', "(Why it was)"),
        ('{"message": "Why it was"}', "(Why it was)"),
        ('{"error": "e", "error_description": "Why it was"}', "(Why it was)"),
        (r'{"Message": " a\n\u0000b\u202e\ud800c"}', "(a  b  c)"),
        (json.dumps({"Message": "a " * 500}), f"({'a ' * 99}a)"),
        ('{"Message": ""}', "endpoint id"),
        ('{"Message": 5}', "endpoint id"),
        ('{"error": {"message": []}}', "endpoint id"),
        ("[]", "endpoint id"),
        ("null", "endpoint id"),
        ("<html>No</html>", "endpoint id"),
        ("", "endpoint id"),
        ("[" * 200_000, "endpoint id"),
    ],
    ids=lambda text: text[:40],
)
async def test_quotes_the_service(
    emulator: Emulator, client: SpeechClient, body: str, detail: str
) -> None:
    """The service's own words stand in the error: printable and shortened, if there are any."""
    emulator.faults.append(Fault(status=400, body=body))
    error = await failure(client)
    assert str(error).rstrip().endswith(detail)


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "null", "5", '"Success"', "[]", "{}", "<html>Log in</html>", "OK", "\ufeff{}"),
        *('{"RecognitionStatus": "Success"', '{"Recognition', "{'RecognitionStatus': 'Success'}"),
        *("[" * 200_000, '{"RecognitionStatus": ' + "1" * 5000 + "}", '["RecognitionStatus"]'),
        '{"RecognitionStatus": ' + "[" * 200_000 + "]" * 200_000 + "}",
    ],
    ids=lambda body: body[:40],
)
async def test_garbage(emulator: Emulator, client: SpeechClient, body: str) -> None:
    """An answer that isn't the service's is an error that may pass."""
    emulator.faults.append(answering(body))
    error = await failure(client)
    assert type(error) is InvalidAnswerError
    assert error.retryable
    assert error.connection_id == emulator.requests[-1].query["X-ConnectionId"]
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE


async def test_deep_status(emulator: Emulator, client: SpeechClient) -> None:
    """An answer just shallow enough to be read may be too deep to be shown."""
    deep = '{"a": ' * 60_000 + "0" + "}" * 60_000
    emulator.faults.append(answering(f'{{"RecognitionStatus": {deep}}}'))
    assert isinstance(await failure(client), InvalidAnswerError | ResponseError)


async def test_answer_that_is_not_utf8(connect: Connect) -> None:
    """Neither can bytes that are no text."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with RawServer.running(head + b'{"RecognitionStatus": "\xff\xfe"}') as server:
        error = await failure(connect(url=server.url))
    assert type(error) is InvalidAnswerError


@pytest.mark.parametrize("status", RecognitionStatus)
async def test_statuses_that_are_results(
    emulator: Emulator, client: SpeechClient, status: RecognitionStatus
) -> None:
    """Silence and noise are results, not errors."""
    emulator.faults.append(answering(json.dumps({"RecognitionStatus": status})))
    recognition = await client.recognize(SPOKEN, OPTIONS)
    assert (recognition.status, recognition.text) == (status, "")


@pytest.mark.parametrize(
    ("name", "status", "retryable", "shown"),
    [
        ("Error", 500, True, "Error"),
        ("TooManyRequests", 429, True, "TooManyRequests"),
        ("BadRequest", 400, False, "BadRequest"),
        ("Forbidden", 403, False, "Forbidden"),
        ("Tomorrow", 500, True, "Tomorrow"),
        ("success", 500, True, "something unknown"),
        ("", 500, True, "something unknown"),
        (None, 500, True, "something unknown"),
        (5, 500, True, "something unknown"),
        (["Success"], 500, True, "something unknown"),
        ({"a": 1}, 500, True, "something unknown"),
        ("X" * 500, 500, True, "something unknown"),
        ("A\n\ud800", 500, True, "something unknown"),
    ],
)
async def test_statuses_that_are_errors(
    emulator: Emulator,
    client: SpeechClient,
    name: object,
    status: int,
    retryable: bool,  # noqa: FBT001
    shown: str,
) -> None:
    """An error within a 200 is taken for the HTTP status it stands for, an unknown one for 500."""
    emulator.faults.append(answering(json.dumps({"RecognitionStatus": name})))
    error = await failure(client)
    assert type(error) is ResponseError
    assert (error.status, error.retryable) == (status, retryable)
    assert str(error) == f"The service answered {shown}"
    assert error.connection_id == emulator.requests[-1].query["X-ConnectionId"]


async def test_numbers_that_make_no_sense(emulator: Emulator, client: SpeechClient) -> None:
    """They are missing; the text is there all the same."""
    huge = "1" + "0" * 400
    emulator.faults.append(
        answering(
            f'{{"RecognitionStatus": "Success", "Offset": {huge}, "Duration": -1, "SNR": NaN,'
            f' "Channel": Infinity, "NBest": [{{"Display": "Hi.", "Confidence": {huge}}}]}}'
        )
    )
    recognition = await client.recognize(SPOKEN, OPTIONS)
    assert recognition.text == "Hi."
    assert (recognition.offset, recognition.duration, recognition.confidence) == (None, None, None)
    assert (recognition.signal_to_noise_ratio, recognition.channel) == (None, None)


@pytest.mark.parametrize(("size", "fits"), [(MEBIBYTE, True), (MEBIBYTE + 1, False)])
async def test_largest_answer(
    emulator: Emulator,
    client: SpeechClient,
    size: int,
    fits: bool,  # noqa: FBT001
) -> None:
    """One mebibyte is read, not a byte more."""
    emulator.faults.append(answering(SUCCESS.ljust(size)))
    if fits:
        assert (await client.recognize(SPOKEN, OPTIONS)).text == "Hello."
        return
    error = await failure(client)
    assert type(error) is InvalidAnswerError
    assert (str(error), error.retryable) == ("The answer is too large", True)
    assert error.connection_id == emulator.requests[-1].query["X-ConnectionId"]


async def test_refusal_may_not_be_larger(emulator: Emulator, client: SpeechClient) -> None:
    """An error's body has the same limit."""
    emulator.faults.append(Fault(status=500, body="x", body_size=2 * MEBIBYTE))
    assert isinstance(await failure(client), InvalidAnswerError)


@pytest.mark.parametrize("early", [False, True], ids=["after the end", "early"])
async def test_slow_answer(
    emulator: Emulator,
    connect: Connect,
    early: bool,  # noqa: FBT001
) -> None:
    """An answer that drips isn't waited for longer than for any other."""
    emulator.faults.append(
        Fault(at=Moment.DURING_ANSWER, status=200, body=SUCCESS, bytes_per_second=50)
    )
    client = connect(timeouts=Timeouts(connect=5, go_ahead=5, answer=0.2))
    microphone = Microphone(speak(SENTENCE), silence(0.6))
    if not early:
        microphone.stop()
    with pytest.raises(SpeechTimeoutError) as info:
        async with asyncio.timeout(2):
            await client.recognize(microphone, OPTIONS)
    assert info.value.connection_id == emulator.requests[-1].query["X-ConnectionId"]


async def test_slow_answer_while_the_person_goes_on(emulator: Emulator, connect: Connect) -> None:
    """Audio that is still spoken doesn't give the answer more time."""
    emulator.faults.append(
        Fault(at=Moment.DURING_ANSWER, status=200, body=SUCCESS, bytes_per_second=50)
    )
    client = connect(timeouts=Timeouts(connect=5, go_ahead=5, answer=0.2))
    microphone = Microphone(speak(SENTENCE), silence(0.6))

    async def go_on() -> None:
        while True:
            await asyncio.sleep(0.02)
            microphone.say(silence(0.02))

    going_on = asyncio.create_task(go_on())
    with pytest.raises(SpeechTimeoutError):
        await client.recognize(microphone, OPTIONS)
    going_on.cancel()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_follows_no_redirection(
    emulator: Emulator, client: SpeechClient, status: int
) -> None:
    """Neither the key nor the speech is sent on to another host."""
    async with Emulator() as other:
        elsewhere = {"Location": f"{other.url}/stt/elsewhere"}
        emulator.faults += [
            Fault(where=Service.TOKEN, status=status, headers=elsewhere),
            Fault(status=status, headers=elsewhere),
        ]
        error = await failure(client)
        assert not other.requests
    assert type(error) is (ResponseError if status == 303 else OtherHostError)
    assert (error.status, error.retryable) == (status, False)
    assert authorizations(emulator) == ["key"]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 2x0 OK\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n", id="no header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"a" * 100_000 + b"\r\n\r\n", id="long header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", id="cut off"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", id="cut chunk"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{", id="no chunk"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!",
            id="not compressed",
        ),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_answer_that_is_not_http(connect: Connect, reply: bytes) -> None:
    """An answer in any other protocol is a failed connection that may work later."""
    async with RawServer.running(reply) as server:
        error = await failure(connect(url=server.url))
    assert type(error) is SpeechConnectionError
    assert error.retryable
    assert error.connection_id
