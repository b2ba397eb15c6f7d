"""The emulator's strictness: queries, headers and audio that it takes or refuses."""

from array import array

import pytest

from tests.emulator import (
    CUSTOM_SPEECH_ID,
    Answers,
    AudioType,
    Emulator,
    OverLength,
    silence,
    speak,
    wav_header,
)
from tests.emulator.caller import calling, stream
from tests.support.sounds import ogg

pytestmark = pytest.mark.usefixtures("socket_enabled")

SENTENCE = "Turn on the kitchen light."

OPUS = {"Content-Type": AudioType.OGG}


# Refusals.


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "Invalid CID or language"),
        ({"language": "en"}, "Invalid CID or language"),
        ({"language": "xx-XX"}, "Invalid CID or language"),
        ({"language": "en-US", "format": "verbose"}, "format"),
        ({"language": "en-US", "profanity": "remove"}, "profanity"),
        ({"language": "en-US", "X-ConnectionId": "1"}, "X-ConnectionId"),
        ({"language": "en-US", "cid": "unknown"}, "Invalid CID or language"),
        ({"language": "de-DE", "cid": CUSTOM_SPEECH_ID}, "Invalid CID or language"),
    ],
)
async def test_refuses_a_wrong_query(query: dict[str, str], message: str) -> None:
    """400, before `100 Continue` and any audio."""
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), query=query, expect=True)
    assert reply.status == 400
    assert message in reply.content["Message"]
    assert caller.emulator.requests[0].body_bytes == 0


async def test_takes_a_custom_speech_endpoint() -> None:
    """Its id with its own language is right."""
    async with calling() as caller:
        reply = await caller.recognize(
            speak("on"), query={"language": "en-US", "cid": CUSTOM_SPEECH_ID}
        )
    assert reply.status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "audio/wav",
        "audio/wav; codecs=audio/pcm; samplerate=8000",
        "audio/mpeg",
        "application/octet-stream",
    ],
)
async def test_refuses_a_wrong_content_type(content_type: str) -> None:
    """400, before `100 Continue` and any audio."""
    async with calling() as caller:
        reply = await caller.recognize(
            speak("on"), headers={"Content-Type": content_type}, expect=True
        )
    assert (reply.status, reply.content) == (400, {"Message": "Unsupported audio format"})
    assert caller.emulator.requests[0].body_bytes == 0


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, len(speak("on"))])
async def test_takes_a_header_of_known_or_unknown_size(size: int) -> None:
    """The size may be exact, or one of the two that mean "unknown"."""
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), header=wav_header(size=size))
    assert reply.content["DisplayText"] == "on"


async def test_takes_headerless_pcm() -> None:
    """Home Assistant Cloud's client sends it in production; a profile can say otherwise."""
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), header=b"")
        caller.emulator.headerless = False
        refused = await caller.recognize(speak("on"), header=b"")
        headed = await caller.recognize(speak("on"))
    assert reply.content["DisplayText"] == headed.content["DisplayText"] == "on"
    assert caller.emulator.requests[0].header == b""
    assert (refused.status, refused.content) == (400, {"Message": "Unsupported audio format"})


async def test_the_header_of_an_empty_file() -> None:
    """Sizes of 36 and 0 can mean that nothing follows; 0 and 0 never do."""
    empty = b"RIFF" + (36).to_bytes(4, "little") + wav_header()[8:]
    assert wav_header()[4:8] == bytes(4)
    async with calling() as caller:
        lenient = await caller.recognize(speak("on"), header=empty)
        caller.emulator.empty_file_header = False
        strict = await caller.recognize(speak("on"), header=empty)
        unknown = await caller.recognize(speak("on"))
    assert lenient.content["DisplayText"] == unknown.content["DisplayText"] == "on"
    assert (strict.status, strict.content) == (400, {"Message": "No audio data received"})


@pytest.mark.parametrize("rate", [8000, 44_100])
@pytest.mark.parametrize("chunk", [333, 1_000_000])
async def test_other_sample_rates_can_be_followed(rate: int, chunk: int) -> None:
    """By the file's header, regardless of the request's header."""
    samples = memoryview(silence(0.1) + speak(SENTENCE) + silence(0.1)).cast("h")
    count = len(samples) * rate // 16_000
    audio = array("h", (samples[index * 16_000 // rate] for index in range(count))).tobytes()
    upload = wav_header(sample_rate=rate) + audio
    headers = {"Content-Type": f"audio/wav; codecs=audio/pcm; samplerate={rate}"}
    async with calling(Emulator(other_sample_rates=True)) as caller:
        plain = await caller.recognize(stream(upload, chunk=chunk))
        named = await caller.recognize(stream(upload, chunk=chunk), headers=headers)
        stereo = await caller.recognize(speak("on"), header=wav_header(channels=2))
    assert plain.content["DisplayText"] == named.content["DisplayText"] == SENTENCE
    assert plain.content["Offset"] == pytest.approx(1_000_000, abs=200_000)
    assert bytes(caller.emulator.requests[0].audio) == audio
    assert stereo.content["RecognitionStatus"] == "InitialSilenceTimeout"


async def test_takes_a_header_with_more_chunks() -> None:
    """Other chunks before the audio, even of odd size, are passed over."""
    header = wav_header()
    listed = header[:36] + b"LIST" + (3).to_bytes(4, "little") + b"abc\x00" + header[36:]
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), header=listed)
    assert reply.content["DisplayText"] == "on"
    assert caller.emulator.requests[0].header == listed


@pytest.mark.parametrize(
    "header",
    [
        wav_header(sample_rate=8000),
        wav_header(sample_rate=44_100),
        wav_header(bits=8),
        wav_header(channels=2),
        wav_header(codec=7),
    ],
)
async def test_a_header_that_disagrees_hears_nothing(header: bytes) -> None:
    """It isn't an error: it comes back as silence."""
    async with calling() as caller:
        reply = await caller.recognize(speak(SENTENCE), header=header)
    assert reply.status == 200
    assert reply.content["RecognitionStatus"] == "InitialSilenceTimeout"


@pytest.mark.parametrize(
    ("header", "audio", "message"),
    [
        (b"RIFF\0\0\0\0AVI ", speak("on"), "Unsupported audio format"),
        (wav_header()[:40], b"", "Unsupported audio format"),
        (wav_header()[:12] + wav_header()[36:], speak("on"), "Unsupported audio format"),
        (
            wav_header()[:16] + b"\x02\0\0\0\1\0" + wav_header()[36:],
            speak("on"),
            "Unsupported audio format",
        ),
        (wav_header(size=100), speak("on"), "another size"),
        (wav_header(), speak("on") + wav_header() + speak("on"), "Only the first chunk"),
        (wav_header(), b"", "No audio data received"),
        (b"", b"", "No audio data received"),
    ],
    ids=[
        "not WAV",
        "cut header",
        "no format",
        "short format",
        "wrong size",
        "second header",
        "header only",
        "empty",
    ],
)
async def test_refuses_a_broken_upload(header: bytes, audio: bytes, message: str) -> None:
    """400, also for the header errors of a careless client."""
    async with calling() as caller:
        reply = await caller.recognize(audio, header=header)
    assert reply.status == 400
    assert message in reply.content["Message"]


async def test_refuses_a_second_header_cut_over_chunks() -> None:
    """It is found wherever the chunks are cut."""
    upload = wav_header() + speak("on") + wav_header() + speak("on")
    async with calling() as caller:
        reply = await caller.recognize(stream(upload, chunk=46))
    assert reply.status == 400


async def test_refuses_more_than_a_minute() -> None:
    """60 s of audio are taken, and not a second more."""
    async with calling(Emulator(initial_silence=100)) as caller:
        minute = await caller.recognize(silence(60))
        more = await caller.recognize(silence(60.1))
    assert (minute.status, more.status) == (200, 400)


async def test_a_late_client_gets_408() -> None:
    """Without any audio the service doesn't wait for long."""
    async with calling(Emulator(audio_timeout=0.1)) as caller:
        reply = await caller.recognize(stream(wav_header(), pause=5))
    assert reply.status == 408


async def test_opus() -> None:
    """OGG/Opus is decoded while it comes, and heard like WAV."""
    pcm = silence(0.2) + speak(SENTENCE) + silence(0.6)
    async with calling(Emulator()) as caller:
        early = await caller.recognize(ogg(pcm, page_ms=20), header=b"", headers=OPUS)
        caller.emulator.answers = Answers.AT_END
        whole = await caller.recognize(ogg(pcm), header=b"", headers=OPUS)
        stereo = await caller.recognize(ogg(pcm, layout="stereo"), header=b"", headers=OPUS)
        wav = await caller.recognize(pcm, headers=OPUS)
        long = await caller.recognize(ogg(silence(61)), header=b"", headers=OPUS)
        caller.emulator.over_length = OverLength.CUT
        cut = await caller.recognize(ogg(silence(61)), header=b"", headers=OPUS)
        empty = await caller.recognize(ogg(silence(1)), header=b"", headers=OPUS)
    heard = [reply.content["DisplayText"] for reply in (early, whole, stereo)]
    assert heard == [SENTENCE] * 3
    assert (wav.status, long.status, cut.status) == (400, 400, 200)
    assert empty.content["RecognitionStatus"] == "InitialSilenceTimeout"


def broken(file: bytes, fault: str) -> bytes:
    """Return an OGG file of many pages with something wrong in it."""
    pages = [b"OggS" + page for page in file.split(b"OggS")[1:]]
    middle = len(pages) // 2
    match fault:
        case "bit":
            pages[middle] = pages[middle][:-1] + bytes([pages[middle][-1] ^ 1])
        case "page missing":
            del pages[middle]
        case "page twice":
            pages.insert(middle, pages[middle])
        case "cut off":
            pages[-1] = pages[-1][:-1]
        case "no end":
            del pages[-1]
        case "between":
            pages.insert(middle, b"oggs")
        case "no tags":
            del pages[1]
        case "vorbis":
            return file.replace(b"OpusHead", b"\x01vorbis\0")
    return b"".join(pages)


@pytest.mark.parametrize(
    "fault",
    ["bit", "page missing", "page twice", "cut off", "no end", "between", "no tags", "vorbis"],
)
async def test_broken_pages(fault: str) -> None:
    """A page that is broken, or not in its place, is refused."""
    file = ogg(speak(SENTENCE) + silence(0.3), page_ms=20)
    async with calling(Emulator(answers=Answers.AT_END)) as caller:
        good = await caller.recognize(file, header=b"", headers=OPUS)
        bad = await caller.recognize(broken(file, fault), header=b"", headers=OPUS)
    assert (good.status, bad.status) == (200, 400)
