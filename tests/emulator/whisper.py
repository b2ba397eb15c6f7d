"""A speech model for real voices: Whisper on CTranslate2, offline.

It needs the packages of the dependency group `emulator`, or of `multilingual` for languages
other than English; nothing else in the emulator does.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from functools import cache
import re
from typing import Final, override

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .models import WhisperWeights
from .speech_model import (
    BYTES_PER_SECOND,
    SAMPLE_RATE,
    SAMPLE_WIDTH,
    TICKS_PER_SECOND,
    Alternative,
    Heard,
    SpeechModel,
    Word,
)
from .text import lexical_form

# The model's training data: 80 bands up to 8 kHz, windows of 25 ms every 10 ms, 30 s in all.
_BANDS: Final = 80
_WINDOW: Final = 400
_HOP: Final = 160
_LENGTH: Final = 30 * SAMPLE_RATE

_HYPOTHESES: Final = 5
_TOKENS_PER_SECOND: Final = 50
_TICKS_PER_TOKEN: Final = TICKS_PER_SECOND // _TOKENS_PER_SECOND

# Silence, noise and tones measured 0.69 to 0.95; commands below 0.01, or 0.2 if they're
# spoken by diphones.
_NO_SPEECH: Final = 0.6
_PROMPT_TOKENS: Final = 223  # half of the model's context, less the mark before it
# A prompt misleads the model in long speech.
_LONGEST_PROMPTED: Final = 10 * BYTES_PER_SECOND

__all__ = ["WhisperModel", "WhisperWeights"]

type _Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hypothesis:
    tokens: Sequence[int]
    text: str
    confidence: float


class WhisperModel(SpeechModel):
    """Recognizes speech, one utterance at a time, in a thread of its own."""

    def __init__(self, model: WhisperWeights, prompt: str = "") -> None:
        """Load a model (half a second, 280 MB and more).

        The prompt is a text with words that are likely to be said, such as the names in a home.
        """
        self._model = ctranslate2.models.Whisper(
            "whisper", files=model.content, compute_type="float32"
        )
        self._multilingual = model.multilingual
        self._least_confidence = model.least_confidence
        self._tokenizer = Tokenizer.from_buffer(model.content["tokenizer.json"])
        self._prompt = self._tokens_of(prompt)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whisper")

    @override
    async def recognize(self, audio: bytes, language: str) -> Heard:
        """Recognize an utterance of up to 30 s.

        A model for English alone takes any language for that.
        """
        loop = asyncio.get_running_loop()
        start = self._start(language)
        return await loop.run_in_executor(self._executor, self._recognize, audio, start)

    @override
    def expecting(self, phrases: Sequence[str]) -> SpeechModel:
        """Return the same model with these phrases as its prompt, as many as fit.

        The first ones count most, so they stand nearest to what is said.
        """
        prompted = copy(self)
        prompted._prompt = self._tokens_of(", ".join(reversed(phrases)) + ".")
        return prompted

    def _tokens_of(self, prompt: str) -> list[int]:
        """Return a prompt's tokens, the last ones if it's too long; none without a prompt."""
        if not prompt:
            return []
        words = self._tokenizer.encode(" " + prompt.strip(), add_special_tokens=False).ids
        return [self._token("<|startofprev|>"), *words[-_PROMPT_TOKENS:]]

    def _start(self, language: str) -> Sequence[int]:
        """Give the tokens that every text of a language begins with."""
        names = ["<|startoftranscript|>"]
        if self._multilingual:
            names += [f"<|{language.partition('-')[0]}|>", "<|transcribe|>"]
        return [self._token(name) for name in names]

    def _recognize(self, audio: bytes, start: Sequence[int]) -> Sequence[Alternative]:
        features = ctranslate2.StorageView.from_array(_log_mel(audio)[np.newaxis])
        encoded = self._model.encode(features)
        hypotheses: Sequence[_Hypothesis] = ()
        if self._prompt and len(audio) < _LONGEST_PROMPTED:
            hypotheses = self._generate(encoded, [*self._prompt, *start])
        if not hypotheses:
            hypotheses = self._generate(encoded, start)
        return self._time_words(encoded, hypotheses, audio, start)

    def _generate(
        self, encoded: ctranslate2.StorageView, start: Sequence[int]
    ) -> Sequence[_Hypothesis]:
        """Return the probable texts, the best first; nothing if they are too improbable."""
        result = self._model.generate(
            encoded,
            [[*start, self._token("<|notimestamps|>")]],
            beam_size=_HYPOTHESES,
            num_hypotheses=_HYPOTHESES,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        confidences = [float(np.exp(score)) for score in result.scores]
        if result.no_speech_prob > _NO_SPEECH or max(confidences) < self._least_confidence:
            return ()
        different: dict[str, _Hypothesis] = {}
        for tokens, confidence in zip(result.sequences_ids, confidences, strict=True):
            text = _display_form(self._tokenizer.decode(tokens))
            if words := lexical_form(text):
                hypothesis = _Hypothesis(tokens=tokens, text=text, confidence=confidence)
                different.setdefault(words, hypothesis)
        return list(different.values())

    def _time_words(
        self,
        encoded: ctranslate2.StorageView,
        hypotheses: Sequence[_Hypothesis],
        audio: bytes,
        start: Sequence[int],
    ) -> Sequence[Alternative]:
        alternatives = []
        frames = min(len(audio) // (_HOP * SAMPLE_WIDTH) + 1, _LENGTH // _HOP)
        for hypothesis in hypotheses:
            aligned = self._model.align(encoded, start, [hypothesis.tokens], [frames])[0]
            # The first frame of each token, in order; then the end of the last one.
            first_frames = dict(reversed(aligned.alignments))
            alternatives.append(
                Alternative(
                    text=hypothesis.text,
                    confidence=hypothesis.confidence,
                    words=self._words(hypothesis.tokens, first_frames),
                )
            )
        return alternatives

    def _words(self, tokens: Sequence[int], first_frames: dict[int, int]) -> Sequence[Word]:
        """Join tokens to words; a word's first token begins with a space."""
        texts = [self._tokenizer.decode([token]) for token in tokens]
        starts = [index for index, text in enumerate(texts) if index == 0 or text.startswith(" ")]
        words = []
        for start, stop in zip(starts, [*starts[1:], len(texts)], strict=True):
            begin, end = first_frames[start], first_frames[stop]
            words.append(
                Word(
                    text="".join(texts[start:stop]).strip(),
                    offset=begin * _TICKS_PER_TOKEN,
                    duration=(end - begin) * _TICKS_PER_TOKEN,
                )
            )
        return words

    def _token(self, name: str) -> int:
        token: int = self._tokenizer.token_to_id(name)
        return token


def _display_form(text: str) -> str:
    """Write a text as Azure displays it: with a capital and a full stop."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if re.search(r"[.!?]$", text) else f"{text}."


def _log_mel(audio: bytes) -> _Floats:
    """Give Whisper's features of 16 kHz 16-bit mono PCM: 80 bands by 3000 frames of 10 ms."""
    samples = np.frombuffer(audio, np.int16)[:_LENGTH].astype(np.float32) / 32768
    samples = np.pad(samples, (0, _LENGTH - len(samples)))
    samples = np.pad(samples, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP][:-1]
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    loudness = np.log10(np.maximum(_mel_filters() @ power.T, 1e-10))
    loudness = np.maximum(loudness, loudness.max() - 8)
    return np.ascontiguousarray((loudness + 4) / 4, dtype=np.float32)


@cache
def _mel_filters() -> _Floats:
    """Give triangular filters of equal area on Slaney's scale, a row for each band.

    M. Slaney, "Auditory Toolbox", 1998: even steps up to 1 kHz, even ratios above.
    """
    kilohertz = 15.0  # where 1 kHz lies on the scale
    ratio = np.log(6.4) / 27
    top = kilohertz + np.log(SAMPLE_RATE / 2 / 1000) / ratio
    points = np.linspace(0, top, _BANDS + 2)
    corners = np.where(
        points < kilohertz,
        points * 1000 / kilohertz,
        1000 * np.exp(ratio * (points - kilohertz)),
    )
    low, center, high = (corners[i : i + _BANDS, np.newaxis] for i in range(3))
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    rising, falling = (frequencies - low) / (center - low), (high - frequencies) / (high - center)
    filters: _Floats = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return filters.astype(np.float32)
