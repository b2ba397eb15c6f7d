"""The emulator over a real socket: what it recognises, and when it answers."""

import asyncio
import struct

import aiohttp
import pytest

from tests.emulator import S0_KEY, Emulator, silence, speak

pytestmark = pytest.mark.usefixtures("socket_enabled")
PATH = "/stt/speech/recognition/conversation/cognitiveservices/v1"
WAV = "audio/wav; codecs=audio/pcm; samplerate=16000"


def wav_header(rate=16000, bits=16, channels=1, codec=1, size=0):
    block = channels * bits // 8
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        0,
        b"WAVE",
        b"fmt ",
        16,
        codec,
        channels,
        rate,
        rate * block,
        block,
        bits,
        b"data",
        size,
    )


async def stream(audio: bytes, size=640, delay=0.0):
    for i in range(0, len(audio), size):
        yield audio[i : i + size]
        await asyncio.sleep(delay)


async def test_smoke() -> None:
    async with Emulator() as emulator, aiohttp.ClientSession() as session:
        sent = 0

        async def body():
            nonlocal sent
            yield wav_header()
            audio = silence(0.3) + speak("Turn on the kitchen light.") + silence(30)
            for i in range(0, len(audio), 640):
                yield audio[i : i + 640]
                sent += 640
                await asyncio.sleep(0.005)

        async with session.post(
            emulator.url + PATH,
            params={"language": "en-US", "format": "detailed", "wordLevelTimestamps": "true"},
            headers={"Ocp-Apim-Subscription-Key": S0_KEY, "Content-Type": WAV},
            data=body(),
            expect100=True,
        ) as r:
            print(r.status, await r.text(), r.headers, sent)
        print(emulator.requests)
