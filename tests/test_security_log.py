"""The fixture that searches the log for secrets after every test is able to fail."""

from pathlib import Path
import re
import subprocess
import sys
from typing import Final

ROOT: Final = Path(__file__).parent.parent

LEAKS: Final = """
import logging
import pytest
from tests.conftest import Emulator, Recognize
from tests.support.streams import AudioStream
from tests.emulator import F0_KEY, S0_KEY, speak
from tests.support.home import second_emulator

OURS = logging.getLogger("custom_components.azure_stt.resource")
ANY = logging.getLogger("aiohttp.client")

@pytest.fixture
def talkative(emulator):
    yield
    OURS.debug("Left %s", S0_KEY)

async def token(emulator, recognize):
    await recognize(AudioStream(speak("on")))
    return next(request.text for request in emulator.requests if request.text.startswith("ey"))

async def test_leaks_a_key(emulator: Emulator):
    OURS.debug("The key is %r", F0_KEY)

async def test_leaks_from_elsewhere(emulator: Emulator):
    ANY.error(f"GET /?key={S0_KEY}&language=en-US")

async def test_leaks_the_key_of_another(emulator: Emulator):
    async with second_emulator() as second:
        OURS.info(next(iter(second.keys)))

async def test_leaks_a_secret_by_an_error(emulator: Emulator):
    try:
        raise ValueError(emulator.entra.client_secret)
    except ValueError:
        OURS.exception("Failed")

async def test_leaks_a_token(emulator: Emulator, recognize: Recognize):
    OURS.debug("Bearer %s", await token(emulator, recognize))

async def test_leaks_an_expired_token(emulator: Emulator, recognize: Recognize):
    OURS.debug("Bearer %s", await token(emulator, recognize))
    emulator.expire_tokens()
    emulator.requests.clear()

async def test_leaks_at_the_end(emulator: Emulator, talkative: None):
    pass

async def test_is_silent(emulator: Emulator, recognize: Recognize):
    await token(emulator, recognize)
    OURS.debug("The key is %s", "0" * 32)
"""


def test_leaks_are_found(tmp_path: Path) -> None:
    """Each way in which a secret reaches the log fails its test, and nothing else does."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    run = subprocess.run(  # noqa: S603 - it is ours
        [
            *(sys.executable, "-m", "pytest", tmp_path, "-pno:cacheprovider"),
            *(f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}", "-qrA", "--tb=no"),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )
    names = set(re.findall(r"def test_(\w+)", LEAKS))
    failed = re.findall(r"^ERROR .*::test_(\w+)", run.stdout, re.MULTILINE)
    assert sorted(failed) == sorted(names - {"is_silent"}), run.stdout
    assert f"{len(names)} passed, {len(failed)} errors" in run.stdout
