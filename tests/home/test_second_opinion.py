"""The second opinion: when another service is asked, and when its text is taken."""

from collections.abc import Sequence
from typing import Any

import pytest

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.azure_speech import Profanity
from custom_components.azure_stt.home.exposed_names import async_get_names
from custom_components.azure_stt.home.learned import NOTHING_LEARNED, Learned
from custom_components.azure_stt.home.second_opinion import async_ask_second_opinion
from custom_components.azure_stt.home.selection import Selection
from custom_components.azure_stt.home.text_format import Corrections, TextForm, TextFormat
from tests.support import home as support
from tests.support.sentences import SENTENCES

ENTITY_ID = "stt.azure"
LANGUAGE = "en-US"
DISPLAY = TextFormat(form=TextForm.DISPLAY, profanity=Profanity.MASKED, corrections=Corrections([]))
LLM = {"conversation_engine": "conversation.llm"}
LOCAL_FIRST = {**LLM, "prefer_local_intents": True}
KINDS = [
    pytest.param({}, id="agent"),
    pytest.param(LOCAL_FIRST, id="LLM, local first"),
    pytest.param(LLM, id="LLM"),
]


class OtherService:
    """Returns another text, and notes the phrases that it was told to expect."""

    def __init__(self, text: str) -> None:
        """Initialize with the text that it hears."""
        self.text = text
        self.expected: list[Sequence[str]] = []

    async def __call__(self, names: Sequence[str]) -> str:
        """Hear the sound again."""
        self.expected.append(names)
        return self.text


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant) -> None:
    """Give a home with Assist, a kitchen, a lamp and a scene."""
    for component in ("homeassistant", "conversation", "assist_pipeline"):
        assert await async_setup_component(hass, component, {})
    ar.async_get(hass).async_get_or_create("Kitchen")
    for domain, name in (("light", "Ulysses lamp"), ("light", "Kitchen light"), ("scene", "Relax")):
        add(hass, domain, name)
    add(hass, "light", "Secret lamp", exposed=False)
    await hass.async_block_till_done()


def add(hass: HomeAssistant, domain: str, name: str, *, exposed: bool = True) -> None:
    """Add an entity to the home."""
    registry = er.async_get(hass)
    entity = registry.async_get_or_create(domain, "test", name, original_name=name)
    hass.states.async_set(entity.entity_id, "off", {"friendly_name": name})
    async_expose_entity(hass, "conversation", entity.entity_id, should_expose=exposed)


async def ask(
    hass: HomeAssistant, first: str, again: str, learned: Learned = NOTHING_LEARNED
) -> tuple[Selection, OtherService]:
    """Return the selection for a text, and the service that may have been asked."""
    service = OtherService(again)
    selection = await async_ask_second_opinion(
        hass,
        ENTITY_ID,
        Selection(heard=first, text=first),
        LANGUAGE,
        DISPLAY,
        service,
        learned,
    )
    return selection, service


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("again", ["Turn on Ulysses lamp.", "Turned on Ulysses lamp."])
async def test_misheard_name(hass: HomeAssistant, settings: dict[str, Any], again: str) -> None:
    """A name unlike any in the first text is taken from the other service.

    It counts even where that service misheard the rest, which stays as it was.
    """
    await support.add_pipeline(hass, ENTITY_ID, **settings)
    selection, service = await ask(hass, "Turn on you, Lisa's lamb.", again)
    assert selection.text == "Turn on Ulysses lamp."
    assert selection.heard == "Turn on you, Lisa's lamb."
    assert list(selection.changes) == ["second_opinion"]
    assert set(service.expected[0]) == {"Ulysses lamp", "Kitchen light", "Relax", "Kitchen"}


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param("Turn on you, Lisa's lamb.", "", id="nothing"),
        pytest.param("Turn on you, Lisa's lamb.", "Turn on you, Lisa's lamp.", id="no name"),
        pytest.param("Turn on you, Lisa's lamb.", "Turn off Ulysses lamp.", id="opposite"),
        pytest.param("Turn on you, Lisa's lamb.", "Turn on Ulysses lamp two.", id="number"),
        pytest.param("Turn on you, Lisa's lamb.", "Don't turn on Ulysses lamp.", id="negation"),
        pytest.param("Turn on you, Lisa's lamb.", "Turned off Ulysses lamp.", id="opposite, name"),
        pytest.param("Turn on you, Lisa's lamb.", "Never turn Ulysses lamp.", id="negation, name"),
        pytest.param("Turn on you, Lisa's lamb.", "Turned on in Ulysses lamp.", id="longer, name"),
        pytest.param("Turn on the Kitchen lied.", "Turn on Ulysses lamp.", id="another name"),
        pytest.param("Turn you, Lisa's lamb.", "Ulysses lamp.", id="a mere name"),
        pytest.param("You, Lisa's lamb.", "Ulysses lamp.", id="a mere name in both"),
    ],
)
async def test_not_taken(
    hass: HomeAssistant, settings: dict[str, Any], first: str, again: str
) -> None:
    """A text that isn't understood, or differs in more than a name, isn't taken."""
    await support.add_pipeline(hass, ENTITY_ID, **settings)
    selection, _ = await ask(hass, first, again)
    assert selection == Selection(heard=first, text=first)


@pytest.mark.parametrize("settings", KINDS)
async def test_learned(hass: HomeAssistant, settings: dict[str, Any]) -> None:
    """The user's lessons count for the other service's text, too."""
    await support.add_pipeline(hass, ENTITY_ID, **settings)
    first = "Turn on you, Lisa's lamb."
    alike = Learned([{"heard": "hole he says lamp", "meant": "Ulysses lamp"}])
    selection, _ = await ask(hass, first, "Turn on hole he says lamp.", alike)
    assert selection.text == "Turn on Ulysses lamp."
    assert list(selection.changes) == ["second_opinion", "name"]
    refused = Learned(refused=[{"heard": "you Lisa's lamb", "meant": "Ulysses lamp"}])
    for again in ("Turn on Ulysses lamp.", "Turned on Ulysses lamp."):
        selection, service = await ask(hass, first, again, refused)
        assert service.expected
        assert selection == Selection(heard=first, text=first)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="silence"),
        pytest.param("Turn on Ulysses lamp.", id="understood"),
        pytest.param("Turn on Ulises lamp.", id="left to Home Assistant"),
        pytest.param("Yes.", id="a word that is in no name"),
        pytest.param(" ".join(["Turn on you, Lisa's lamb."] * 5), id="too long"),
    ],
)
async def test_not_asked(hass: HomeAssistant, text: str) -> None:
    """No request is made without something to gain."""
    await support.add_pipeline(hass, ENTITY_ID)
    _, service = await ask(hass, text, "Turn on Ulysses lamp.")
    assert not service.expected


async def test_without_a_pipeline(hass: HomeAssistant) -> None:
    """Without a pipeline the speech is dictation."""
    _, service = await ask(hass, "Turn on you, Lisa's lamb.", "Turn on Ulysses lamp.")
    assert not service.expected


@pytest.mark.parametrize("settings", [LOCAL_FIRST, LLM])
@pytest.mark.parametrize(
    "text", ["Open the gorge.", "Switch off the blue lagoon.", "Set the rumba to 50 percent."]
)
async def test_commands_for_an_llm(
    hass: HomeAssistant, settings: dict[str, Any], text: str
) -> None:
    """Commands for an LLM about an unknown thing are asked about."""
    await support.add_pipeline(hass, ENTITY_ID, **settings)
    assert (await ask(hass, text, ""))[1].expected


@pytest.mark.parametrize("settings", [LOCAL_FIRST, LLM])
async def test_llm_is_told_all_sorts_of_things(
    hass: HomeAssistant, settings: dict[str, Any]
) -> None:
    """Of questions and dictated sentences for an LLM, at most two of a hundred are asked about."""
    await support.add_pipeline(hass, ENTITY_ID, **settings)
    asked = [text for text in SENTENCES["en"] if (await ask(hass, text, ""))[1].expected]
    assert len(asked) <= len(SENTENCES["en"]) // 50


async def test_names_most_like_the_text(hass: HomeAssistant) -> None:
    """In a home of more names than a list takes, those that are most like the text come first."""
    for number in range(600):
        add(hass, "light", f"Bulb {number}")
    names = await async_get_names(hass, LANGUAGE)
    assert "Ulysses lamp" in names.most_like("Turn on Ulises lamb.", 20)
    assert len(names.most_like("Turn on Ulises lamb.", 500)) == 500
