"""A real speech model hears a synthetic voice in noise; files keep sounds and answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
import json
from pathlib import Path
import subprocess
from typing import Final, Self

from aiohttp import ClientSession
import numpy as np

from custom_components.azure_stt.azure_speech import (
    TRACE_CONFIG,
    Alternative,
    AudioFile,
    Endpoint,
    FastTranscriber,
    KeyCredential,
    Recognition,
    RecognitionOptions,
    RecognitionStatus,
    TranscriptionOptions,
    wav_header,
)
from tests.e2e.connection import SAMPLE_RATE
from tests.emulator import S0_KEY

from .servers import whisper

_KEPT: Final = Path(".dev/bench")
_QUIETER: Final = 0.4  # speech, so that speech and noise together aren't cut off
_SIGNAL_TO_NOISE: Final = 10.0  # dB
_REVERBERATION_TIME: Final = 0.5  # seconds, to 60 dB below
_DIRECT_TO_REVERBERANT: Final = -4.0  # dB
_FIRST_ECHO: Final = 0.005  # seconds


class Room(StrEnum):
    """The sound that reaches the microphone besides the voice."""

    CLEAN = "clean"
    NOISY = "10 dB"
    """Pink noise, its mean power 10 dB below that of the voice."""
    REVERBERANT = "reverberation"
    """Echoes of a living room: 60 dB quieter after half a second, and 4 dB louder than the voice
    itself. With 60 cubic meters that is a meter's distance: half the volume over the reverberation
    time, and the root of that times 5.7 cm, is where both are equally loud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Who speaks, and in which room."""

    voice: str
    room: Room = Room.CLEAN

    def __str__(self) -> str:
        """Name it for a table."""
        return f"{self.voice}, {self.room}"

    def sound(self, pcm: bytes) -> bytes:
        """Return a clean voice as it sounds in the room; the same each time."""
        match self.room:
            case Room.CLEAN:
                return pcm
            case Room.NOISY:
                return _in_noise(pcm)
            case Room.REVERBERANT:
                return _with_echoes(pcm)


def say(voice: str, texts: Sequence[str]) -> dict[str, bytes]:
    """Return texts as sound: 16 kHz 16-bit mono PCM."""
    paths = {text: _KEPT / "said" / voice / f"{_digest(text.encode())}.pcm" for text in texts}
    missing = [f"{path}\t{text}" for text, path in paths.items() if not path.exists()]
    if missing:
        command = (".dev/emulator/bin/python", "-m", "tests.benchmarks.voices", voice)
        lines = "\n".join(missing)
        subprocess.run(command, input=lines, text=True, check=True)  # noqa: S603 - ours
    return {text: path.read_bytes() for text, path in paths.items()}


def _in_noise(pcm: bytes) -> bytes:
    speech = _samples(pcm) * _QUIETER
    white = np.random.default_rng(len(pcm)).standard_normal(len(speech))
    spectrum = np.fft.rfft(white) / np.sqrt(np.arange(len(speech) // 2 + 1).clip(1))
    noise = np.fft.irfft(spectrum, len(speech))
    loud = speech[np.abs(speech) > np.abs(speech).max() / 100]
    noise *= np.sqrt(np.mean(loud**2) / np.mean(noise**2)) * 10 ** (-_SIGNAL_TO_NOISE / 20)
    return _pcm(speech + noise)


def _with_echoes(pcm: bytes) -> bytes:
    speech = _samples(pcm)
    times = np.arange(round(_REVERBERATION_TIME * SAMPLE_RATE)) / SAMPLE_RATE
    echoes = np.random.default_rng(0).standard_normal(len(times))
    echoes *= 10 ** (-3 * times / _REVERBERATION_TIME)
    echoes[: round(_FIRST_ECHO * SAMPLE_RATE)] = 0
    echoes *= np.sqrt(10 ** (-_DIRECT_TO_REVERBERANT / 10) / np.sum(echoes**2))
    echoes[0] = 1
    length = len(speech) + len(times) - 1
    heard = np.fft.irfft(np.fft.rfft(speech, length) * np.fft.rfft(echoes, length), length)
    return _pcm(heard * np.abs(speech).max() / np.abs(heard).max())


def _samples(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def _pcm(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bytes:
    return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()


class SpeechModel:
    """Asks the emulator for the text in a language, once for each sound."""

    def __init__(self, session: ClientSession, address: str, model: str, locale: str) -> None:
        """Ask at an address."""
        self._session = session
        endpoint = Endpoint.from_address(address)
        self._url = endpoint.recognition_url
        self._transcriber = FastTranscriber(
            session, endpoint, KeyCredential(session, endpoint.token_url, S0_KEY)
        )
        self._options = RecognitionOptions(language=locale)
        self._folder = _KEPT / "heard" / model / locale

    @classmethod
    @asynccontextmanager
    async def listening(cls, model: str, locale: str) -> AsyncIterator[Self]:
        """Run the emulator with Whisper, "whisper" for English or "multilingual"."""
        async with (
            whisper(model) as address,
            ClientSession(trace_configs=[TRACE_CONFIG]) as session,
        ):
            yield cls(session, address, model, locale)

    async def hear(self, pcm: bytes) -> tuple[Alternative, ...]:
        """Return the alternatives, best first; none if nothing was recognized."""
        path = self._folder / f"{_digest(pcm)}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(await self._ask(pcm)))
        answer = json.loads(path.read_text())
        return Recognition.from_answer(answer, RecognitionStatus.SUCCESS).alternatives

    async def hear_again(self, pcm: bytes, phrases: Sequence[str]) -> str:
        """Return the text that fast transcription hears, which expects some phrases."""
        options = TranscriptionOptions(language=self._options.language, phrases=phrases)
        path = self._folder / f"{_digest(pcm + options.definition().encode())}.txt"
        if not path.exists():
            answer = await self._transcriber.transcribe(AudioFile.from_pcm(pcm), options)
            path.write_text(answer.text)
        return path.read_text()

    async def _ask(self, pcm: bytes) -> dict[str, object]:
        async with self._session.post(
            self._url.with_query(self._options.query()),
            data=wav_header() + pcm,
            headers={**self._options.headers(), "Ocp-Apim-Subscription-Key": S0_KEY},
            raise_for_status=True,
        ) as response:
            answer: dict[str, object] = await response.json()
            return answer


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
