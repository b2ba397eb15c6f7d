"""A real speech model hears a synthetic voice in noise; files keep sounds and answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from tests.emulator import S0_KEY

from .servers import whisper

_KEPT: Final = Path(".dev/bench")
_QUIETER: Final = 0.4  # speech, so that speech and noise together aren't cut off


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The voice, and how much louder it is than the noise (dB); None: there is no noise."""

    voice: str
    ratio: float | None = None

    def __str__(self) -> str:
        """Name it for a table."""
        return f"{self.voice}, {'clean' if self.ratio is None else f'{self.ratio:g} dB'}"


def say(voice: str, texts: Sequence[str]) -> dict[str, bytes]:
    """Return texts as sound: 16 kHz 16-bit mono PCM."""
    paths = {text: _KEPT / "said" / voice / f"{_digest(text.encode())}.pcm" for text in texts}
    missing = [f"{path}\t{text}" for text, path in paths.items() if not path.exists()]
    if missing:
        command = (".dev/emulator/bin/python", "-m", "tests.benchmarks.voices", voice)
        lines = "\n".join(missing)
        subprocess.run(command, input=lines, text=True, check=True)  # noqa: S603 - ours
    return {text: path.read_bytes() for text, path in paths.items()}


def in_noise(pcm: bytes, ratio: float | None) -> bytes:
    """Return speech in pink noise, the same noise each time.

    The ratio (dB) is of the mean power during speech.
    """
    if ratio is None:
        return pcm
    speech = np.frombuffer(pcm, "<i2").astype(np.float64) * _QUIETER
    white = np.random.default_rng(len(pcm)).standard_normal(len(speech))
    spectrum = np.fft.rfft(white) / np.sqrt(np.arange(len(speech) // 2 + 1).clip(1))
    noise = np.fft.irfft(spectrum, len(speech))
    loud = speech[np.abs(speech) > np.abs(speech).max() / 100]
    noise *= np.sqrt(np.mean(loud**2) / np.mean(noise**2)) * 10 ** (-ratio / 20)
    return np.clip(np.round(speech + noise), -32768, 32767).astype("<i2").tobytes()


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
