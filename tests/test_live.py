"""The integration in a real Home Assistant of the newest version, hearing the emulator.

One instance serves all tests; each adds the integration by its form.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final
import wave

import pytest
import pytest_socket

from tests.e2e.connection import SAMPLE_RATE, CommandError, Connection, Json, PipelineRun
from tests.e2e.home_assistant import HomeAssistant, complaints
from tests.emulator import S0_KEY, Emulator, Tier, silence, speak

DOMAIN: Final = "azure_stt"
LIGHT: Final = "light.kitchen_light"
SENTENCE: Final = "Turn on the kitchen light"
NEW_KEY: Final = "e" * 32
WRONG_KEY: Final = "0" * 32

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("socket_enabled")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The added integration's entry, entity and pipeline."""

    entry_id: str
    entity_id: str
    pipeline_id: str


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    """Run a Home Assistant for all tests."""
    pytest_socket.enable_socket()  # the fixture of that name is made for each test
    with HomeAssistant.running(tmp_path_factory.mktemp("home")) as home:
        yield home


@pytest.fixture
def expected_errors() -> list[str]:
    """Return the words of errors that may be logged, for a test to fill in."""
    return []


@pytest.fixture
async def connection(home: HomeAssistant, expected_errors: list[str]) -> AsyncIterator[Connection]:
    """Log in, and switch the light off.

    At the end, remove the integration and see that the log has neither errors nor secrets.
    """
    async with home.connect() as connection:
        before = len(home.log)
        await connection.call("light.turn_off", entity_id=LIGHT)
        yield connection
        for entry_id in await entries(connection):
            await connection.remove_entry(entry_id)
    logged = home.log[before:]
    assert not [
        complaint
        for complaint in complaints(logged)
        if not any(words in complaint for words in expected_errors)
    ]
    assert not [secret for secret in (S0_KEY, NEW_KEY, SENTENCE) if secret in logged]


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """Run an emulator that understands `speak`."""
    async with Emulator(pause=0.5) as emulator:
        yield emulator


@pytest.fixture
async def resource(connection: Connection, emulator: Emulator) -> Resource:
    """Add the emulator as a resource, with an Assist pipeline that hears with it."""
    step = await fill_in(connection, emulator, S0_KEY)
    entry_id = step["result"]["entry_id"]
    [entity_id] = await connection.entities(entry_id, "stt")
    pipeline_id = await connection.create_pipeline(entity_id)
    return Resource(entry_id=entry_id, entity_id=entity_id, pipeline_id=pipeline_id)


async def fill_in(connection: Connection, emulator: Emulator, api_key: str) -> Json:
    """Fill in the form for a private endpoint; return the result."""
    menu = await connection.start_flow(DOMAIN)
    step = await connection.choose(menu, "custom_endpoint")
    return await connection.answer_step(step, endpoint=emulator.url, api_key=api_key, tier="s0")


async def entries(connection: Connection) -> list[str]:
    """Return the IDs of the integration's entries."""
    found = await connection.command("config_entries/get", domain=DOMAIN)
    return [entry["entry_id"] for entry in found]


def wav(pcm: bytes) -> bytes:
    """Return a WAV file of 16 kHz, 16-bit, mono PCM."""
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm)
    return file.getvalue()


async def say(connection: Connection, resource: Resource, text: str = SENTENCE) -> PipelineRun:
    """Say a text to Assist, with the pause after it that ends a command."""
    return await connection.speak(speak(text) + silence(1), resource.pipeline_id, button=True)


@pytest.mark.parametrize(
    ("message", "is_complaint"),
    [
        ("WARNING (MainThread) [custom_components.azure_stt] Away", False),
        ("ERROR (MainThread) [custom_components.azure_stt] Broken", True),
        ("ERROR (MainThread) [asyncio] Task exception was never retrieved", True),
        ("ERROR (MainThread) [a] b\nTraceback\n File custom_components/azure_stt/stt.py", True),
        ("WARNING (MainThread) [a] Detected blocking call by integration 'azure_stt'", True),
        ("ERROR (MainThread) [haffmpeg] Fails\nTraceback\n File /azure_stt/.dev/a.py", False),
    ],
)  # fmt: skip
def test_complaints(message: str, is_complaint: bool) -> None:  # noqa: FBT001
    """Complaints in the log of every test here are found, and nothing else."""
    stamp = "2026-11-22 16:37:01.134+00:00"
    record = f"{stamp} {message}\n"
    other = f"{stamp} WARNING (MainThread) [homeassistant.loader] Found azure_stt\n"
    assert complaints(other + record + other) == [record] * is_complaint


async def test_wrong_key_then_right_one(connection: Connection, emulator: Emulator) -> None:
    """The form tells of a wrong key, keeps open, and takes the right one."""
    step = await fill_in(connection, emulator, WRONG_KEY)
    assert step["type"] == "form"
    assert "invalid_auth" in step["errors"].values()

    step = await connection.answer_step(step, endpoint=emulator.url, api_key=S0_KEY, tier="s0")
    assert step["type"] == "create_entry"
    entry_id = step["result"]["entry_id"]
    [entity_id] = await connection.entities(entry_id, "stt")
    assert "en-US" in (await connection.get(f"/api/stt/{entity_id}"))["languages"]

    step = await fill_in(connection, emulator, S0_KEY)
    assert (step["type"], step["reason"]) == ("abort", "already_configured")


async def test_command(connection: Connection, resource: Resource) -> None:
    """A spoken command is heard to the last sample and carried out."""
    run = await say(connection, resource)
    assert run.text == SENTENCE
    assert await connection.state(LIGHT) == "on"


async def test_two_commands_at_once(connection: Connection, resource: Resource) -> None:
    """Two satellites are heard at the same time, each its own."""
    first, second = await asyncio.gather(
        say(connection, resource), say(connection, resource, "What time is it")
    )
    assert (first.text, second.text) == (SENTENCE, "What time is it")


async def test_silence(connection: Connection, resource: Resource) -> None:
    """Nothing said is no error of the service."""
    run = await connection.speak(silence(1), resource.pipeline_id, button=True)
    assert run.event("error").data["code"] == "stt-no-text-recognized"


async def test_wav_file(connection: Connection, resource: Resource) -> None:
    """A WAV file that is posted is heard without its header."""
    result = await connection.transcribe(wav(speak(SENTENCE) + silence(1)), resource.entity_id)
    assert result == {"text": SENTENCE, "result": "success"}


async def test_second_recognizer(connection: Connection, resource: Resource) -> None:
    """A recognizer that is added by its form works along with the first one."""
    step = await connection.start_subentry_flow(resource.entry_id, "stt")
    step = await connection.answer_step(
        step,
        name="Second",
        pauses={"patience": "to_the_end"},
        backup={},
        languages={},
        names={},
        text={"profanity": "raw"},
        connection={},
        custom_speech={},
    )
    assert step["type"] == "create_entry"

    entities = await connection.entities(resource.entry_id, "stt")
    assert len(entities) == 2
    for entity_id in entities:
        result = await connection.transcribe(wav(speak(SENTENCE)), entity_id)
        assert result == {"text": SENTENCE, "result": "success"}


async def test_reload_while_speaking(connection: Connection, resource: Resource) -> None:
    """A command that is being spoken survives a reload, and so does the next one."""
    async with asyncio.TaskGroup() as group:
        speaking = group.create_task(say(connection, resource))
        await asyncio.sleep(0.3)
        await connection.reload_entry(resource.entry_id)
    assert speaking.result().text == SENTENCE
    assert (await say(connection, resource)).text == SENTENCE


async def test_revoked_key(
    connection: Connection,
    emulator: Emulator,
    resource: Resource,
    expected_errors: list[str],
) -> None:
    """A key that isn't good any more asks for a new one, which then is used."""
    expected_errors.append("Access denied")
    emulator.keys = {NEW_KEY: Tier.S0}
    run = await say(connection, resource)
    assert run.event("error").data["code"] == "stt-stream-failed"

    [flow] = await connection.command("config_entries/flow/progress")
    assert flow["context"]["source"] == "reauth"
    assert flow["context"]["entry_id"] == resource.entry_id
    step = await connection.current_step(flow["flow_id"])
    assert step["step_id"] == "reauth_confirm"
    step = await connection.answer_step(step, api_key=WRONG_KEY)
    assert "invalid_auth" in step["errors"].values()
    step = await connection.answer_step(step, api_key=NEW_KEY)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")

    assert (await say(connection, resource)).text == SENTENCE


async def test_phrase(connection: Connection, resource: Resource) -> None:
    """An automation runs for a phrase, and Assist acts on the same words by itself."""
    await connection.create_automation(
        alias="Phrase",
        triggers=[
            {
                "trigger": f"{DOMAIN}.phrase_recognized",
                "target": {"entity_id": resource.entity_id},
                "options": {"phrases": ["turn on the {thing} light"]},
            }
        ],
        actions=[
            {
                "action": "light.turn_on",
                "target": {"entity_id": "light.desk_lamp"},
                "enabled": "{{ trigger.slots.thing == 'kitchen' }}",
            }
        ],
    )
    await connection.call("light.turn_off", entity_id="light.desk_lamp")
    await say(connection, resource)
    assert await connection.state("light.desk_lamp") == "on"
    assert await connection.state(LIGHT) == "on"


async def test_invalid_phrase(connection: Connection, resource: Resource) -> None:
    """The editor shows the error in a phrase."""
    trigger = {
        "trigger": f"{DOMAIN}.phrase_recognized",
        "target": {"entity_id": resource.entity_id},
        "options": {"phrases": ["turn (on"]},
    }
    with pytest.raises(CommandError, match="invalid phrase 'turn"):
        await connection.create_automation(alias="Phrase", triggers=[trigger], actions=[])


async def test_transcribe(connection: Connection, resource: Resource, home: HomeAssistant) -> None:
    """A file of the media folder is transcribed."""
    memo = home.directory / "media/memo.wav"
    memo.write_bytes(wav(speak("Buy some milk") + silence(1)))
    answer = await connection.ask(
        f"{DOMAIN}.transcribe",
        entity_id=resource.entity_id,
        media={
            "media_content_id": "media-source://media_source/local/memo.wav",
            "media_content_type": "audio/wav",
        },
        language="en-US",
    )
    assert answer[resource.entity_id]["text"] == "Buy some milk"
    assert answer[resource.entity_id]["method"] == "fast"


async def test_meters(connection: Connection, resource: Resource) -> None:
    """The meters count the audio, and diagnostics can be downloaded."""
    entities = await connection.entities(resource.entry_id, "sensor")
    [requests] = [entity for entity in entities if entity.endswith("requests_this_month")]
    before = int(await connection.state(requests))
    await say(connection, resource)
    assert int(await connection.state(requests)) == before + 1
    diagnostics = await connection.get(f"/api/diagnostics/config_entry/{resource.entry_id}")
    assert diagnostics["data"]["requests"][-1]["status"] == "Success"


async def test_removal(connection: Connection, resource: Resource) -> None:
    """Removed, nothing is left of it, and the pipeline says so."""
    await connection.remove_entry(resource.entry_id)
    assert await connection.entities(resource.entry_id, "stt") == []
    assert resource.entry_id not in await entries(connection)
    with pytest.raises(CommandError, match="No speech-to-text provider"):
        await say(connection, resource)
