"""*Correct something misheard*: the utterance, its correction, and the lesson."""

import asyncio
from collections.abc import AsyncGenerator
import json
from typing import Any

import pytest

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.home.recent import RECENT_MAX, async_get_recent
from tests.conftest import Recognize
from tests.emulator import silence, speak
from tests.support.home import add_pipeline
from tests.support.streams import AudioStream

from .test_config_flow import suggested

MISHEARD = "Turn on useless lamb."
LLM = {"conversation_engine": "conversation.llm"}


@pytest.fixture
def recognizer() -> dict[str, Any]:
    """Do without a second opinion."""
    return {"second_opinion": False}


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """Give a lamp, a script, and Assist."""
    for component in ("conversation", "assist_pipeline"):
        assert await async_setup_component(hass, component, {})
    for domain, name in (("light", "Ulysses lamp"), ("script", "Unlock door")):
        entity = er.async_get(hass).async_get_or_create(domain, "test", name, original_name=name)
        hass.states.async_set(entity.entity_id, "off", {"friendly_name": name})
        async_expose_entity(hass, "conversation", entity.entity_id, should_expose=True)


def saved(entry: MockConfigEntry, key: str) -> list[dict[str, str]]:
    """Return one of the recognizer's saved lists."""
    (subentry,) = entry.subentries.values()
    return [dict(pair) for pair in subentry.data.get(key, [])]


class Flow:
    """The steps of a user."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Initialize before the first step."""
        self._hass = hass
        self._entry = entry
        self._id = ""

    async def begin(self) -> SubentryFlowResult:
        """Choose the menu's item."""
        (recognizer_id,) = self._entry.subentries
        menu = await self._entry.start_subentry_reconfigure_flow(self._hass, recognizer_id)
        self._id = menu["flow_id"]
        return await self.enter({"next_step_id": "correct"})

    async def enter(self, typed: dict[str, Any]) -> SubentryFlowResult:
        """Fill in a form."""
        result = await self._hass.config_entries.subentries.async_configure(self._id, typed)
        await self._hass.async_block_till_done(wait_background_tasks=True)
        return result


@pytest.fixture
def flow(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> Flow:
    """Give a flow that hasn't begun."""
    return Flow(hass, loaded_entry)


async def say(hass: HomeAssistant, recognize: Recognize, text: str) -> str | None:
    """Say something and return the text that goes out."""
    result = await recognize(AudioStream(speak(text)))
    await hass.async_block_till_done()
    return result.text


def labels(form: SubentryFlowResult) -> list[str]:
    """Return the utterances that a form lists."""
    schema = form["data_schema"]
    assert schema is not None
    return [option["label"] for option in schema.schema["utterance"].config["options"]]


@pytest.mark.parametrize("settings", [{}, LLM], ids=["agent", "LLM"])
@pytest.mark.parametrize(
    "meant",
    [
        pytest.param("Ulysses lamp", id="name"),
        pytest.param("turn on ulysses lamp", id="sentence"),
    ],
)
async def test_misheard_name(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    recognize: Recognize,
    flow: Flow,
    settings: dict[str, Any],
    meant: str,
) -> None:
    """A name becomes a sound-alike, and is understood from then on."""
    await add_pipeline(hass, **settings)
    assert await say(hass, recognize, MISHEARD) == MISHEARD
    assert await say(hass, recognize, "Good night.") == "Good night."
    form = await flow.begin()
    assert labels(form) == ["Good night.", MISHEARD]
    form = await flow.enter({"utterance": "1"})
    assert form["description_placeholders"] == {"heard": MISHEARD, "text": MISHEARD}
    form = await flow.enter({"meant": meant})
    assert suggested(form) == {"heard": "useless lamb", "meant": "Ulysses lamp"}
    result = await flow.enter(suggested(form))
    assert result["reason"] == "reconfigure_successful"
    assert saved(loaded_entry, "sound_alikes") == [
        {"heard": "useless lamb", "meant": "Ulysses lamp"}
    ]
    assert await say(hass, recognize, MISHEARD) == "Turn on Ulysses lamp."
    assert labels(await flow.begin())[0] == (f"{MISHEARD} → Turn on Ulysses lamp. (Corrected name)")


async def test_anything_else_is_a_correction(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """Words other than names are always corrected, and a new correction replaces an old one."""
    await say(hass, recognize, "Turn of the light.")
    for expected in ("Turn off the light.", "Turn over the light."):
        await flow.begin()
        await flow.enter({"utterance": "0"})
        form = await flow.enter({"meant": expected})
        await flow.enter(suggested(form))
        assert await say(hass, recognize, "Turn of the light.") == expected
    assert saved(loaded_entry, "corrections") == [
        {"heard": "Turn of the", "meant": "Turn over the"}
    ]


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param({"wrong_change": True}, id="marked"),
        pytest.param({"meant": "turn on ulises lamp"}, id="typed"),
        pytest.param({"wrong_change": True, "meant": "Turn on Ulises lamp."}, id="both"),
    ],
)
async def test_wrong_change(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    recognize: Recognize,
    flow: Flow,
    typed: dict[str, Any],
) -> None:
    """A change that was wrong isn't made again, until the same is taught."""
    await add_pipeline(hass, **LLM)
    heard = "Turn on Ulises lamp."
    assert await say(hass, recognize, heard) == "Turn on Ulysses lamp."
    await flow.begin()
    await flow.enter({"utterance": "0"})
    result = await flow.enter(typed)
    assert result["reason"] == "reconfigure_successful"
    assert saved(loaded_entry, "refused_changes") == [{"heard": "Ulises", "meant": "Ulysses"}]
    assert await say(hass, recognize, heard) == heard

    form = await flow.begin()
    form = await flow.enter({"utterance": "0"})
    assert form["data_schema"] is not None
    assert "wrong_change" not in form["data_schema"].schema
    form = await flow.enter({"meant": "Ulysses lamp"})
    await flow.enter(suggested(form))
    assert saved(loaded_entry, "refused_changes") == []
    assert await say(hass, recognize, heard) == "Turn on Ulysses lamp."


@pytest.mark.parametrize(
    "recognizer", [{"corrections": [{"heard": "of", "meant": "off"}], "second_opinion": False}]
)
async def test_wrong_correction(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """A correction that was wrong is deleted, and another one can be taught at once."""
    assert await say(hass, recognize, "A cup of tea.") == "A cup off tea."
    form = await flow.begin()
    assert labels(form) == ["A cup of tea. → A cup off tea. (Your correction)"]
    await flow.enter({"utterance": "0"})
    form = await flow.enter({"wrong_change": True, "meant": "A cup of coffee."})
    await flow.enter(suggested(form))
    assert saved(loaded_entry, "corrections") == [{"heard": "of tea", "meant": "of coffee"}]
    assert saved(loaded_entry, "refused_changes") == []
    assert await say(hass, recognize, "A cup of tea.") == "A cup of coffee."


async def test_mark_that_is_taken_back(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """Only the last answer counts."""
    await add_pipeline(hass, **LLM)
    await say(hass, recognize, "Turn on Ulises lamp.")
    await flow.begin()
    await flow.enter({"utterance": "0"})
    form = await flow.enter({"wrong_change": True, "meant": "..."})
    assert form["errors"] == {"meant": "nothing_meant"}
    assert suggested(form) == {"wrong_change": True, "meant": "..."}
    form = await flow.enter({"meant": "Turn on Ulises lamp now."})
    await flow.enter(suggested(form))
    assert saved(loaded_entry, "refused_changes") == []


async def test_errors(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """An impossible lesson is an error, the input stays, and the next try works."""
    await say(hass, recognize, "Run lock door.")
    form = await flow.begin()
    form = await flow.enter({"utterance": "0"})
    for typed, error in (
        ({}, "nothing_meant"),
        ({"meant": "  "}, "nothing_meant"),
        ({"meant": "?!"}, "nothing_meant"),
        ({"meant": "run lock door"}, "same_as_heard"),
    ):
        form = await flow.enter(typed)
        assert form["errors"] == {"meant": error}
        assert suggested(form) == typed
    form = await flow.enter({"meant": "Unlock door"})
    for heard, meant, error in (
        ("lock door", "Unlock door", "opposite_name"),
        ("Unlock door", "Ulysses lamp", "other_name"),
        ("...", "Unlock door", "nothing_meant"),
        ("lock door", "...", "nothing_meant"),
        ("lock door", "Lock door!", "same_as_heard"),
    ):
        form = await flow.enter({"heard": heard, "meant": meant})
        assert form["errors"] == {"base": error}
        assert suggested(form) == {"heard": heard, "meant": meant}
    result = await flow.enter({"heard": "lock door", "meant": "bolt the door"})
    assert result["reason"] == "reconfigure_successful"
    assert saved(loaded_entry, "corrections") == [{"heard": "lock door", "meant": "bolt the door"}]


@pytest.mark.parametrize(
    "recognizer", [{"corrections": [{"heard": f"h{n}", "meant": "m"} for n in range(500)]}]
)
async def test_too_many(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """There is room for 500; nothing that is saved is lost."""
    await say(hass, recognize, "Turn of the light.")
    await flow.begin()
    await flow.enter({"utterance": "0"})
    form = await flow.enter({"meant": "Turn off the light."})
    form = await flow.enter(suggested(form))
    assert form["errors"] == {"base": "too_many_corrections"}
    assert suggested(form) == {"heard": "Turn of the", "meant": "Turn off the"}
    assert len(saved(loaded_entry, "corrections")) == 500


REFUSED = [{"heard": f"h{n}", "meant": "m"} for n in range(500)]


@pytest.mark.parametrize("recognizer", [{"refused_changes": REFUSED, "second_opinion": False}])
async def test_too_many_wrong_changes(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """An older one isn't forgotten for a newer one."""
    await add_pipeline(hass, **LLM)
    await say(hass, recognize, "Turn on Ulises lamp.")
    await flow.begin()
    await flow.enter({"utterance": "0"})
    form = await flow.enter({"wrong_change": True})
    assert form["errors"] == {"base": "too_many_corrections"}
    assert suggested(form) == {"wrong_change": True}
    assert saved(loaded_entry, "refused_changes") == REFUSED


@pytest.mark.parametrize(
    ("key", "pairs", "error"),
    [
        ("sound_alikes", [{"heard": "no leaf", "meant": ""}], "nothing_meant"),
        ("refused_changes", [{"heard": "no leaf", "meant": " "}], "nothing_meant"),
        ("refused_changes", [{"heard": "a", "meant": "b"}] * 2, "correction_twice"),
        ("refused_changes", [{"heard": "a", "meant": "b"}, {"heard": "a", "meant": "c"}], None),
        ("corrections", [{"heard": "please"}], None),
    ],
)
async def test_lists_in_options(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    key: str,
    pairs: list[dict[str, str]],
    error: str | None,
) -> None:
    """The lists can be changed in the options, and a recognizer's lessons fit in there."""
    (recognizer_id,) = loaded_entry.subentries
    flows = hass.config_entries.subentries
    menu = await loaded_entry.start_subentry_reconfigure_flow(hass, recognizer_id)
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "settings"})
    values = {**suggested(form), key: pairs}
    schema = form["data_schema"]
    assert schema is not None
    typed = {
        str(name): {str(field): values[field] for field in part.schema.schema if field in values}
        if isinstance(part, section)
        else values[name]
        for name, part in schema.schema.items()
    }
    result = await flows.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result.get("errors") == (error and {"base": error})
    assert saved(loaded_entry, key) == ([] if error else pairs)


async def test_sound_alike_without_name(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize
) -> None:
    """The recognizer works with any saved data."""
    (subentry,) = loaded_entry.subentries.values()
    odd = [{"heard": "no leaf"}, {"heard": "", "meant": ""}]
    hass.config_entries.async_update_subentry(
        loaded_entry,
        subentry,
        data={**subentry.data, "sound_alikes": odd, "refused_changes": odd},
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await say(hass, recognize, "Turn on no leaf.") == "Turn on no leaf."


async def test_utterance_survives_lesson(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """An utterance during a lesson is recognized to its end, and remembered."""
    await say(hass, recognize, "Turn of the light.")
    learned, begun = asyncio.Event(), asyncio.Event()

    async def speech() -> AsyncGenerator[bytes]:
        async for chunk in AudioStream(speak("Good night.")):
            yield chunk
            begun.set()
            await learned.wait()

    speaking = asyncio.create_task(recognize(speech()))
    await begun.wait()
    await flow.begin()
    await flow.enter({"utterance": "0"})
    form = await flow.enter({"meant": "Turn off the light."})
    await flow.enter(suggested(form))
    assert saved(loaded_entry, "corrections")
    learned.set()
    assert (await speaking).text == "Good night."
    await hass.async_block_till_done()
    assert labels(await flow.begin()) == ["Good night.", "Turn of the light."]


async def test_nothing_stored(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    loaded_entry: MockConfigEntry,
    recognize: Recognize,
    flow: Flow,
) -> None:
    """Utterances are in memory only, even while they are corrected."""
    await say(hass, recognize, "My diary is under the mattress.")
    form = await flow.begin()
    assert labels(form) == ["My diary is under the mattress."]
    await flow.enter({"utterance": "0"})
    await flow.enter({"meant": "My diary is under the carpet."})
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done(wait_background_tasks=True)
    stored = json.dumps(hass_storage, default=str)
    assert loaded_entry.entry_id in stored
    assert "diary" not in stored
    assert "mattress" not in stored


async def test_forgotten_with_recognizer(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize
) -> None:
    """A removed recognizer's utterances are forgotten, the one that it still hears too."""
    await say(hass, recognize, "Good night.")
    (recognizer_id,) = loaded_entry.subentries
    begun, removed = asyncio.Event(), asyncio.Event()

    async def speech() -> AsyncGenerator[bytes]:
        async for chunk in AudioStream(speak("Good morning.")):
            yield chunk
            begun.set()
            await removed.wait()

    speaking = asyncio.create_task(recognize(speech()))
    await begun.wait()
    hass.config_entries.async_remove_subentry(loaded_entry, recognizer_id)
    await hass.async_block_till_done()
    assert not async_get_recent(hass).of(recognizer_id)
    removed.set()
    assert (await speaking).text == "Good morning."
    await hass.async_block_till_done()
    assert not async_get_recent(hass).of(recognizer_id)


async def test_nothing_heard(hass: HomeAssistant, recognize: Recognize, flow: Flow) -> None:
    """Silence is nothing to correct."""
    await recognize(AudioStream(silence(0.5)))
    await hass.async_block_till_done()
    result = await flow.begin()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_heard")


@pytest.mark.parametrize("recognizer", [{"remember_recent": False}])
async def test_not_remembered(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, flow: Flow
) -> None:
    """Without permission to remember, the words are forgotten, but not the outcome."""
    await say(hass, recognize, "Good night.")
    assert (await flow.begin())["reason"] == "nothing_heard"
    (recognizer_id,) = loaded_entry.subentries
    (utterance,) = async_get_recent(hass).of(recognizer_id)
    assert utterance.outcome == "recognized"
    assert "night" not in str((utterance.text, utterance.heard, utterance.alternatives))


async def test_forgotten(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize
) -> None:
    """The last ten are kept, until the recognizer no longer wants that or is gone."""
    for number in range(RECENT_MAX + 2):
        await say(hass, recognize, f"Number {number}.")
    recent = async_get_recent(hass)
    (recognizer_id,) = loaded_entry.subentries
    assert [each.text for each in recent.of(recognizer_id)] == [
        f"Number {number}." for number in range(RECENT_MAX + 1, 1, -1)
    ]
    subentry = loaded_entry.subentries[recognizer_id]
    hass.config_entries.async_update_subentry(
        loaded_entry, subentry, data={**subentry.data, "remember_recent": False}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {each.text for each in recent.of(recognizer_id)} == {""}
    assert await hass.config_entries.async_remove(loaded_entry.entry_id)
    assert not recent.of(recognizer_id)
