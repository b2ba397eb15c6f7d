"""A hostile host: any answer costs little memory, little time and no secret."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import json
import logging
import threading
import time
import tracemalloc
from types import SimpleNamespace
from typing import Final
import zlib

from aiohttp import ClientSession
import pytest
from yarl import URL

from custom_components.azure_stt.azure_speech import (
    InvalidAnswerError,
    KeyCredential,
    ResponseError,
    SpeechClient,
    SpeechConnectionError,
    SpeechError,
    Timeouts,
    client,
    credentials,
)
from tests.emulator import S0_KEY, Emulator, Endpoint as Service, Fault

from .helpers import OPTIONS, PATIENT, SENTENCE, SPOKEN, Connect, authorizations
from .hostile import GIBIBYTE, MEBIBYTE, HostileServer, Reply, chunk, endless, head, swelling

SHORT: Final = Timeouts(connect=5, go_ahead=0.1, answer=0.15)
CHUNKED: Final = head("Transfer-Encoding: chunked")
SUCCESS: Final = b'{"RecognitionStatus": "Success", "DisplayText": "Hello."}'

type MakeClient = Callable[[str, Timeouts], SpeechClient]

ENDLESS: Final = {
    "announced": endless(head(f"Content-Length: {GIBIBYTE}"), b" " * 65_536),
    "chunked": endless(CHUNKED, chunk(b" " * 65_536)),
    "until the end": endless(head(), b" " * 65_536),
    "refusal": endless(head(status="403 Forbidden"), b" " * 65_536),
    **{name: swelling(name) for name in ("gzip", "deflate", "bare deflate", "zstd")},
}
DRIPPING: Final = {
    "status": endless(b"HTTP/1.1 200 ", b"O"),
    "header": endless(b"HTTP/1.1 200 OK\r\nA: ", b"a"),
    "headers": endless(b"HTTP/1.1 200 OK\r\n", b"A: a\r\n"),
    "100 Continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 Early Hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nA: a\r\n\r\n"),
    "body": endless(head("Content-Length: 1000000"), b" "),
    "body without an end": endless(head(), b" "),
    "chunks": endless(CHUNKED, chunk(b" ")),
    "size of a chunk": endless(CHUNKED, b"0"),
    "extension of a chunk": endless(CHUNKED + b"1;", b"a"),
    "trailers": endless(CHUNKED + chunk(b"{}") + b"0\r\n", b"A: a\r\n"),
    "compressed": endless(head("Content-Encoding: gzip"), zlib.compress(b"", wbits=31)),
}


@pytest.fixture(params=["recognition", "token", "entra"])
def make_client(
    request: pytest.FixtureRequest, session: ClientSession, connect: Connect
) -> MakeClient:
    """Return a function that makes clients of which one request goes to the hostile host."""

    def make(url: str, timeouts: Timeouts) -> SpeechClient:
        if request.param == "recognition":
            nowhere = connect.endpoint.token_url
            return connect(
                url=url, credential=KeyCredential(session, nowhere, S0_KEY), timeouts=timeouts
            )
        if request.param == "entra":
            return connect.entra(url=url)
        return connect(credential=KeyCredential(session, URL(url), S0_KEY), timeouts=timeouts)

    return make


@contextmanager
def little_memory() -> Iterator[None]:
    """Check that the block needs less than eight megabytes."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEBIBYTE


async def outcome(client: SpeechClient) -> SpeechError | str:
    """Return the text or the error."""
    try:
        return (await client.recognize(SPOKEN, OPTIONS)).text
    except SpeechError as err:
        return err


@pytest.mark.parametrize("reply", ENDLESS.values(), ids=ENDLESS)
async def test_endless_answer(make_client: MakeClient, reply: Reply) -> None:
    """A gibibyte, compressed or not, is neither kept nor fetched: the host is left."""
    async with HostileServer.running(reply) as server:
        with little_memory():
            result = await outcome(make_client(server.url, PATIENT))
        await server.is_left()
    assert server.sent < 32 * MEBIBYTE
    # Without a token the key goes.
    assert result == SENTENCE or isinstance(result, InvalidAnswerError)


@pytest.mark.parametrize("pause", [0.0, 0.01], ids=["fast", "slow"])
@pytest.mark.parametrize("reply", DRIPPING.values(), ids=DRIPPING)
async def test_endless_drip(
    make_client: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
    pause: float,
) -> None:
    """An endless answer in small pieces has the same time as any answer, and is dropped then."""
    monkeypatch.setattr(credentials, "TOKEN_TIMEOUT", 0.15)
    async with HostileServer.running(reply, pause) as server:
        started = time.monotonic()
        with little_memory():
            result = await outcome(make_client(server.url, SHORT))
        assert time.monotonic() - started < 4
        await server.is_left()
    assert result == SENTENCE or isinstance(result, SpeechConnectionError | InvalidAnswerError)


# Heads.


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"HTTP/1.1 200 " + b"O" * MEBIBYTE + b"\r\n\r\n", id="reason"),
        pytest.param(head(f"{'a' * MEBIBYTE}: a"), id="name"),
        pytest.param(head(*["A: a"] * 100_000), id="many"),
        pytest.param(head(*[f"Set-Cookie: {n}=a" for n in range(100_000)]), id="cookies"),
        pytest.param(head("A: a\0b"), id="NUL"),
        pytest.param(head("Content-Length: 5", "Content-Length: 6") + SUCCESS, id="two lengths"),
        pytest.param(head("Content-Length: -1") + SUCCESS, id="negative length"),
        pytest.param(head(f"Content-Length: {'9' * 5000}") + SUCCESS, id="endless length"),
        pytest.param(
            head("Content-Length: 5", "Transfer-Encoding: chunked") + SUCCESS,
            id="length and chunks",
        ),
        pytest.param(CHUNKED + b"f" * 5000 + b"\r\n" + SUCCESS, id="size of a chunk"),
        pytest.param(CHUNKED + b"-1\r\n" + SUCCESS, id="negative chunk"),
        pytest.param(head("Content-Encoding: br") + SUCCESS, id="not br"),
        pytest.param(head("Content-Encoding: zstd") + SUCCESS, id="not zstd"),
        pytest.param(head("Content-Encoding: deflate") + SUCCESS, id="not deflate"),
        pytest.param(
            head("Content-Encoding: gzip") + zlib.compress(b"", wbits=31) * 5000, id="members"
        ),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n", id="upgrade"),
        pytest.param(b"HTTP/1.1 99999 OK\r\n\r\n" + SUCCESS, id="status"),
        pytest.param(b"HTTP/9.9 200 OK\r\n\r\n" + SUCCESS, id="version"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
        pytest.param(b"\x16\x03\x01\x02\0", id="TLS"),
    ],
)
async def test_head(make_client: MakeClient, reply: bytes) -> None:
    """A head that is no head, or a giant's, is a failure like any other."""
    async with HostileServer.running(lambda: [reply]) as server:
        with little_memory():
            result = await outcome(make_client(server.url, SHORT))
    assert result == SENTENCE or isinstance(result, SpeechError)


async def test_answer_behind_the_answer(connect: Connect) -> None:
    """An unrequested second answer isn't the answer to the next utterance."""
    first = head(f"Content-Length: {len(SUCCESS)}") + SUCCESS
    second = first.replace(b"Hello", b"Sorry")
    async with HostileServer.running(lambda: [first, second]) as server:
        client = connect(url=server.url)
        heard = [(await client.recognize(SPOKEN, OPTIONS)).text for _ in range(3)]
    assert heard == ["Hello."] * 3


# Bodies.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "charset", ["", "; charset=", "; charset=utf-7", "; charset=nonsense", '; charset="\\"', ";;="]
)
async def test_charset(connect: Connect, encoding: str, charset: str) -> None:
    """The header's charset is ignored: JSON tells its encoding itself."""
    body = '{"RecognitionStatus": "Success", "DisplayText": "Grüße, 世界"}'.encode(encoding)
    reply = head(f"Content-Type: application/json{charset}") + body
    async with HostileServer.running(lambda: [reply]) as server:
        recognition = await connect(url=server.url).recognize(SPOKEN, OPTIONS)
    assert recognition.text == "Grüße, 世界"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"RecognitionStatus": "Error", "RecognitionStatus": "Success"}', ""),
        (b'{"RecognitionStatus": "Success", "DisplayText": "a", "DisplayText": "b"}', "b"),
        (b'{"RecognitionStatus": "Success", "NBest": [], "NBest": [{"Display": "b"}]}', "b"),
        (rb'{"RecognitionStatus": "Success", "DisplayText": "a\ud83d"}', "a?"),
        (rb'{"RecognitionStatus": "Success", "DisplayText": "\udca1b\ud83d\ude00"}', "?b😀"),
        (rb'{"RecognitionStatus": "Success", "DisplayText": "a\u0000b"}', "a\0b"),
        (b'{"RecognitionStatus": "Success", "DisplayText": {"a": "b"}}', ""),
        (b'{"RecognitionStatus": "Success", "NBest": {"0": {"Display": "b"}}}', ""),
        (b'{"RecognitionStatus": "Success", "NBest": [[[{"Display": "b"}]]]}', ""),
        (b'{"RecognitionStatus": "Success", "NBest": "Display", "DisplayText": "b"}', "b"),
        (b'{"RecognitionStatus": "Success", "__class__": 5, "DisplayText": "b"}', "b"),
    ],
    ids=ascii,
)
async def test_body(connect: Connect, body: bytes, text: str) -> None:
    """The last of equal keys counts; only strings are texts, and every text can be written."""
    async with HostileServer.running(lambda: [head() + body]) as server:
        recognition = await connect(url=server.url).recognize(SPOKEN, OPTIONS)
    assert recognition.text == text
    recognition.text.encode()


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 4000, "-0.0"])
async def test_numbers(connect: Connect, value: str) -> None:
    """No number is anything but finite, wherever it stands."""
    names = ("Offset", "Duration", "SNR", "Channel", "Confidence", "AccuracyScore", "PronScore")
    numbers = ", ".join(f'"{name}": {value}' for name in names)
    body = (
        f'{{"RecognitionStatus": "Success", {numbers}, "NBest":'
        f' [{{"Display": "Hi.", {numbers}, "Words": [{{"Word": "hi", {numbers}}}]}}]}}'
    )
    async with HostileServer.running(lambda: [head() + body.encode()]) as server:
        recognition = await connect(url=server.url).recognize(SPOKEN, OPTIONS)
    [best] = recognition.alternatives
    [word] = best.words
    expected = 0 if value == "-0.0" else None
    found = {recognition.offset, recognition.duration, recognition.channel, best.confidence}
    found |= {recognition.signal_to_noise_ratio, word.offset, word.confidence, word.accuracy_score}
    assert found == {expected}
    assert recognition.text == "Hi."


@pytest.mark.parametrize(
    ("nested", "alternatives", "words", "phonemes"),
    [
        ('[{"Display": "Hi."}, {}]', 10, 0, 0),
        ('[{"Display": "Hi.", "Words": [{}]}]', 1, 1_000, 0),
        ('[{"Display": "Hi.", "Words": [{"Phonemes": [{}]}]}]', 1, 1, 100),
    ],
    ids=["alternatives", "words", "phonemes"],
)
async def test_a_million(
    connect: Connect, nested: str, alternatives: int, words: int, phonemes: int
) -> None:
    """As many as fit into an answer, which would take seconds, aren't read."""
    body = f'{{"RecognitionStatus": "Success", "NBest": {nested}}}'
    body = body.replace("{}", ",".join(["{}"] * 300_000))
    async with HostileServer.running(lambda: [head() + body.encode()]) as server:
        recognition = await connect(url=server.url).recognize(SPOKEN, OPTIONS)
    best = recognition.alternatives[0]
    found = len(best.words[0].phonemes) if best.words else 0
    assert (len(recognition.alternatives), len(best.words), found) == (
        alternatives,
        words,
        phonemes,
    )


@pytest.mark.parametrize(("padding", "threads"), [(0, 0), (100_000, 1)])
async def test_long_answers_are_read_beside_the_loop(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, padding: int, threads: int
) -> None:
    """A megabyte of phonemes doesn't block the loop; an ordinary answer doesn't need a thread."""
    readers = []

    def read(answer: str) -> object:
        readers.append(threading.current_thread())
        return json.loads(answer)

    monkeypatch.setattr(client, "json", SimpleNamespace(loads=read))
    body = '{"RecognitionStatus": "Success", "DisplayText": "Hi."}' + " " * padding
    async with HostileServer.running(lambda: [head() + body.encode()]) as server:
        recognition = await connect(url=server.url).recognize(SPOKEN, OPTIONS)
    assert recognition.text == "Hi."
    assert len(readers) == 1
    assert len({*readers} - {threading.current_thread()}) == threads


# Redirections.


@pytest.mark.parametrize(
    "location",
    ["{}/stt/elsewhere", "//{netloc}/", "/elsewhere", "?a=b", "", "http://[", "file:///etc/passwd"],
)
@pytest.mark.parametrize("where", [Service.TOKEN, Service.ENTRA, Service.RECOGNITION])
async def test_redirection(
    emulator: Emulator, connect: Connect, where: Service, location: str
) -> None:
    """Not to another host, nor to the same: keys, secrets and speech go where the user says."""
    async with Emulator() as other:
        address = location.format(other.url, netloc=other.url.removeprefix("http://"))
        headers = {"Location": address, "URI": address, "Refresh": f"0; url={address}"}
        for status in (300, 301, 302, 303, 304, 305, 306, 307, 308, 399):
            emulator.requests.clear()
            emulator.faults.append(Fault(where=where, status=status, headers=headers))
            result = await outcome(connect.entra() if where is Service.ENTRA else connect())
            assert len(emulator.requests_for(where)) == 1
            assert not emulator.requests_for(Service.UNKNOWN)
            if where is Service.TOKEN:
                assert (result, authorizations(emulator)) == (SENTENCE, ["key"])
            else:
                assert isinstance(result, ResponseError)
                assert (result.status, result.retryable) == (status, False)
        assert not other.requests


async def test_redirection_by_a_refused_token(emulator: Emulator, connect: Connect) -> None:
    """A 401 that redirects doesn't send the key to another host either."""
    async with Emulator() as other:
        headers = {
            "Location": other.url,
            "WWW-Authenticate": f'Bearer authorization_uri="{other.url}"',
        }
        emulator.faults.append(Fault(status=401, headers=headers, times=2))
        assert isinstance(await outcome(connect()), SpeechError)
        assert not other.requests


# Messages.


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(head("Set-Cookie: {}=a; Domain=["), id="cookie"),
        pytest.param(head("Set-Cookie: a\0{}"), id="broken cookie"),
        pytest.param(head("Content-Encoding: {}"), id="encoding"),
        pytest.param(head("Content-Length: {}"), id="length"),
        pytest.param(head("Content-Type: a/{}; charset={}"), id="type"),
        pytest.param(head("Retry-After: {}", status="429 {}"), id="refusal"),
        pytest.param(head("Location: http://{}/", status="302 {}"), id="redirection"),
        pytest.param(head() + b'{"RecognitionStatus": {"{}": 1}', id="body"),
    ],
)
@pytest.mark.parametrize("secret", [S0_KEY, "the client's secret"])
async def test_echo(
    make_client: MakeClient, reply: bytes, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A host that echoes the secret, in any place, gets it into no log and no error."""
    caplog.set_level(logging.DEBUG)
    told = reply.replace(b"{}", secret.encode())
    async with HostileServer.running(lambda: [told]) as server:
        result = await outcome(make_client(server.url, PATIENT))
    assert secret not in f"{result!s} {result!r} {caplog.text}"


@pytest.mark.parametrize(
    "status",
    [f'"{S0_KEY}"', f'"Bad key {S0_KEY}"', '{"DisplayText": "Unlock"}', '["Unlock"]'],
    ids=["key", "sentence", "object", "list"],
)
async def test_echo_in_the_status(connect: Connect, status: str) -> None:
    """Nor where the error is the host's own word: only possible statuses are quoted."""
    body = f'{{"RecognitionStatus": {status}}}'.encode()
    async with HostileServer.running(lambda: [head() + body]) as server:
        result = await outcome(connect(url=server.url))
    assert isinstance(result, ResponseError)
    assert S0_KEY not in str(result)
    assert "Unlock" not in str(result)
