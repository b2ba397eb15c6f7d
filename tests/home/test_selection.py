"""Complete commands in the home, and the selection among alternatives."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
import pytest

from homeassistant.components.assist_pipeline.pipeline import (
    async_get_pipelines,
)
from homeassistant.components.conversation import async_converse
from homeassistant.components.conversation.agent_manager import get_agent_manager
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    entity_registry as er,
    floor_registry as fr,
)
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.azure_speech import Alternative, Profanity
from custom_components.azure_stt.home.assist import async_get_assistant
from custom_components.azure_stt.home.learned import Learned
from custom_components.azure_stt.home.phrases import Expectation, Match, async_get_phrase_registry
from custom_components.azure_stt.home.selection import (
    async_select,
    async_understands,
)
from custom_components.azure_stt.home.text_format import Corrections, TextForm, TextFormat
from tests.support import home as support
from tests.support.opposites import OPPOSITES
from tests.support.pairs import PAIRS
from tests.support.sentences import SENTENCES

ENTITY_ID = "stt.azure"
LLM = {"conversation_engine": "conversation.llm"}
DISPLAY = TextFormat(form=TextForm.DISPLAY, profanity=Profanity.MASKED, corrections=Corrections([]))


async def is_whole(hass: HomeAssistant, text: str) -> bool:
    """Return whether a text is a whole command."""
    return await async_get_assistant(hass, ENTITY_ID, "en-US").is_whole_command(text)


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant) -> None:
    """Give a kitchen with two lights, a sentence with a wildcard, and Assist."""
    for component in ("homeassistant", "conversation", "assist_pipeline"):
        assert await async_setup_component(hass, component, {})
    kitchen = ar.async_get(hass).async_get_or_create("Kitchen")
    registry = er.async_get(hass)
    for name in ("Kitchen light", "Lamp 20"):
        entity = registry.async_get_or_create("light", "test", name, original_name=name)
        registry.async_update_entity(entity.entity_id, area_id=kitchen.id)
        hass.states.async_set(
            entity.entity_id,
            "off",
            {"friendly_name": name, "supported_color_modes": ["brightness"]},
        )
    await hass.async_block_till_done()


async def add_pipeline(hass: HomeAssistant, **settings: object) -> None:
    """Add a pipeline that uses our entity in English, with Home Assistant's agent."""
    await support.add_pipeline(hass, ENTITY_ID, **settings)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Turn on the kitchen light.", True),
        ("turn on the kitchen light", True),
        ("Turn off all the lights in the kitchen.", True),
        ("Set Lamp 20 brightness to 50 percent.", True),
        ("Turn on lamp 20.", True),
        ("Turn off all the lights.", False),
        ("Set a timer for five minutes.", False),
        ("Set Lamp 20 brightness to 50.", False),
        ("Add milk to my shopping list.", False),
        ("Turn on the", False),
        ("Turn on the kitchen lite.", False),
        ("What is the meaning of life?", False),
        ("", False),
    ],
)
async def test_whole(hass: HomeAssistant, text: str, whole: bool) -> None:  # noqa: FBT001
    """A command is whole that names a thing or a place and can't easily go on."""
    await add_pipeline(hass)
    assert await is_whole(hass, text) is whole


@pytest.mark.parametrize(
    ("settings", "whole"),
    [
        pytest.param({"conversation_engine": "conversation.llm"}, False, id="LLM"),
        pytest.param(
            {"conversation_engine": "conversation.llm", "prefer_local_intents": True},
            True,
            id="LLM, local first",
        ),
        pytest.param({"stt_engine": "stt.other"}, False, id="other engine"),
        pytest.param({"stt_language": "de-DE"}, False, id="other language"),
        pytest.param({"conversation_language": "tlh"}, False, id="language without sentences"),
    ],
)
async def test_pipelines(hass: HomeAssistant, settings: dict[str, Any], whole: bool) -> None:  # noqa: FBT001
    """Only texts for Home Assistant's own agent can be complete commands."""
    await add_pipeline(hass, **settings)
    assert await is_whole(hass, "Turn on the kitchen light.") is whole


async def test_one_pipeline_of_two(hass: HomeAssistant) -> None:
    """One pipeline with an LLM is enough to wait for the end: which one listens isn't known."""
    await add_pipeline(hass)
    await add_pipeline(hass, conversation_engine="conversation.llm")
    assert not await is_whole(hass, "Turn on the kitchen light.")


async def test_no_warning_for_a_language_without_sentences(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The agent isn't asked for a language that it would complain about each time."""
    await add_pipeline(hass, conversation_language="tlh")
    await is_whole(hass, "Turn on the kitchen light.")
    assert "No intents were loaded" not in caplog.text


def alternatives(*texts: str) -> list[Alternative]:
    """Return alternatives, each nearly as likely as the one before."""
    return [
        Alternative(display=text, confidence=0.9 - index / 100) for index, text in enumerate(texts)
    ]


async def choose(hass: HomeAssistant, *texts: str, language: str = "en-US") -> str:
    """Return the text that goes out for the alternatives."""
    return (await async_select(hass, ENTITY_ID, [alternatives(*texts)], language, DISPLAY)).text


def add_light(hass: HomeAssistant, name: str, *aliases: str) -> None:
    """Add a light to the home."""
    registry = er.async_get(hass)
    entity = registry.async_get_or_create("light", "test", name, original_name=name)
    registry.async_update_entity(entity.entity_id, aliases=[er.COMPUTED_NAME, *aliases])
    hass.states.async_set(entity.entity_id, "off", {"friendly_name": name})


def expect(hass: HomeAssistant, phrase: str, match: Match = Match.WHOLE) -> None:
    """Let an automation wait for a phrase."""
    async_get_phrase_registry(hass).async_add(
        Expectation(
            phrases=[phrase],
            match=match,
            min_confidence=0.0,
            heard=lambda *_: None,
            entity_ids={ENTITY_ID},
        )
    )


@pytest.mark.parametrize("pipeline", [{}, {"conversation_engine": "conversation.llm"}, None])
async def test_phrase_of_an_automation(
    hass: HomeAssistant, pipeline: dict[str, Any] | None
) -> None:
    """A phrase that an automation waits for is understood, with any agent."""
    if pipeline is not None:
        await add_pipeline(hass, **pipeline)
    add_light(hass, "Film")
    expect(hass, "start the fill light show")
    heard = "Start the fill light show.", "Start the film light show."
    assert await choose(hass, *heard) == heard[0]
    assert await async_understands(hass, ENTITY_ID, "en-US", "Start the fill light show")
    assert not await async_understands(hass, "stt.other", "en-US", "Start the fill light show")


async def test_names_that_core_does_not_correct(hass: HomeAssistant) -> None:
    """Names that Home Assistant's agent corrects are left to it; other names aren't."""
    await add_pipeline(hass)
    add_light(hass, "Thermomix")
    assert await choose(hass, "Turn on kitchin light.") == "Turn on kitchin light."
    assert await choose(hass, "Turn on thermal mix.") == "Turn on Thermomix."


async def test_without_a_gazetteer(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent without a gazetteer has its names corrected in English too."""
    monkeypatch.delattr(get_agent_manager(hass).default_agent, "_gazetteer")
    await add_pipeline(hass)
    assert await choose(hass, "Turn on kitchin light.") == "Turn on Kitchen light."


async def test_phrase_that_is_contained(hass: HomeAssistant) -> None:
    """A phrase that may stand among any other words says nothing of the others."""
    await add_pipeline(hass, conversation_engine="conversation.llm", prefer_local_intents=True)
    add_light(hass, "Roomba lamp")
    expect(hass, "turn on", Match.CONTAINS)
    heard = "Turn on the rumba lamp.", "Turn on the Roomba lamp."
    assert await choose(hass, *heard) == heard[1]


@pytest.mark.parametrize("settings", [{}, {"conversation_engine": "conversation.llm"}])
async def test_names_that_are_not_exposed_stay(
    hass: HomeAssistant, settings: dict[str, Any]
) -> None:
    """Home Assistant knows a name that isn't exposed, and says so; no other is put in its place."""
    await add_pipeline(hass, **settings)
    for name in ("Roomba lamp", "Rumba lamp"):
        add_light(hass, name)
    heard = "Turn on the Rumba lamp.", "Turn on the Roomba lamp."
    async_expose_entity(hass, "conversation", "light.test_rumba_lamp", should_expose=False)
    assert await choose(hass, *heard) == heard[0]
    hass.states.async_remove("light.test_rumba_lamp")
    assert await choose(hass, *heard) == (heard[1] if settings else heard[0])


async def test_text_that_home_assistant_corrects_stays(hass: HomeAssistant) -> None:
    """Its own correction comes before another alternative, and "them" are the last ones."""
    await add_pipeline(hass)
    for name in ("Kitten light", "Tem"):
        add_light(hass, name)
    for heard in (
        ("Turn on kitchin light.", "Turn on Kitten light."),
        ("Turn them off.", "Turn Tem off."),
    ):
        assert await choose(hass, *heard) == heard[0]


@pytest.mark.parametrize(
    ("corrections", "text", "changes"),
    [
        ({}, "Turn on Roomba lamp.", ["name"]),
        ({"gorge": "Roomba"}, "Turn on Roomba lamp.", ["name"]),
        ({"rumba": "Roomba"}, "Turn on Roomba lamp.", ["correction"]),
        ({"turn": "Switch"}, "Switch on Roomba lamp.", ["correction", "name"]),
        ({"rumba": "Rumba"}, "Turn on Rumba lamp.", ["correction"]),
    ],
)
async def test_changes(
    hass: HomeAssistant, corrections: dict[str, str], text: str, changes: list[str]
) -> None:
    """It is told why a text was changed, and the user's own words stay."""
    await add_pipeline(hass, **LOCAL_FIRST)
    add_light(hass, "Roomba lamp")
    made = Corrections([{"heard": heard, "meant": meant} for heard, meant in corrections.items()])
    selection = await async_select(
        hass,
        ENTITY_ID,
        [alternatives("Turn on rumba lamp.")],
        "en-US",
        replace(DISPLAY, corrections=made),
    )
    assert selection.heard == "Turn on rumba lamp."
    assert (selection.text, list(selection.changes)) == (text, changes)


LLM = {"conversation_engine": "conversation.llm"}
LOCAL_FIRST = {**LLM, "prefer_local_intents": True}
KINDS = [
    pytest.param({}, id="agent"),
    pytest.param(LOCAL_FIRST, id="LLM, local first"),
    pytest.param(LLM, id="LLM"),
]


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("language", PAIRS)
async def test_never_exchanged(
    hass: HomeAssistant, settings: dict[str, Any], direction: int, language: str
) -> None:
    """Not even if the other command is the name of something, and would be understood."""
    region = f"{language}-XX"
    await add_pipeline(
        hass, stt_language=region, language=language, conversation_language=language, **settings
    )
    pairs = [pair[::direction] for pair in PAIRS[language]]
    best = {heard for heard, _ in pairs}
    for _, other in pairs:
        if other not in best:  # the text shouldn't be known
            add_light(hass, other.rstrip("."))
    await hass.async_block_till_done()
    changed = [
        (heard, text)
        for heard, other in pairs
        if (text := await choose(hass, heard, other, language=region)) != heard
    ]
    assert not changed


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (("Turn on Lamp 15.", "Turn on Lamp 50."), "Turn on Lamp 15."),
        (("Turn on Lamp 50.", "Turn on Lamp 15."), "Turn on Lamp 50."),
        (("Turn on the unlock light.", "Turn on the lock light."), "Turn on the unlock light."),
        (("Turn on the luck light.", "Turn on the lock light."), "Turn on the luck light."),
        (("Turn off the kitchen light.", "Turn on the kitchen light."), None),
        (("Turn up the kitchen lite.", "Turn off the kitchen light."), None),
    ],
)
async def test_names_with_decisive_words(
    hass: HomeAssistant, settings: dict[str, Any], heard: tuple[str, ...], expected: str | None
) -> None:
    """A name that has such a word in it is taken as it was heard, or not at all."""
    await add_pipeline(hass, **settings)
    for name in ("Lock light", "Lamp 50"):
        add_light(hass, name)
    await hass.async_block_till_done()
    assert await choose(hass, *heard) == (expected or heard[0])


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (("Turn on the ramba.", "Turn on the Roomba."), "Turn on the Roomba."),
        (("Turn on free Derek's lamp.", "Turn on Frédéric's lamp."), "Turn on Frédéric's lamp."),
        (("Turn on kitchen w.", "Turn on kitchen west."), "Turn on kitchen west."),
        (("Turn on the glue.", "Turn on the blue.", "Turn on the loo."), "Turn on the loo."),
        (("Turn on tea cooler.", "Turn on Tiefkühler."), "Turn on Tiefkühler."),
        (("Turn on dusty spring.", "Turn on Dusty Springfield."), "Turn on Dusty Springfield."),
        (("Turn on the lodge lights.", "Turn on the Loggia lights."), "Turn on the Loggia lights."),
        (("Turn off the messy lights.", "Turn off the mezzanine lights."), None),
    ],
)
async def test_alternatives(
    hass: HomeAssistant, settings: dict[str, Any], heard: tuple[str, ...], expected: str | None
) -> None:
    """An alternative is taken for the name, alias, area or floor in it."""
    await add_pipeline(hass, **settings)
    await add_awkward_home(hass)
    assert await choose(hass, *heard) == (expected or heard[-1])


async def test_own_lexical_form_comes_before_other_alternatives(hass: HomeAssistant) -> None:
    """Azure displays "kitchen W." for "kitchen west"; the words said are the same."""
    await add_pipeline(hass)
    for name in ("Kitchen west", "Kitchen best"):
        add_light(hass, name)
    await hass.async_block_till_done()
    heard = [
        Alternative(display="Turn on kitchen W.", lexical="turn on kitchen west", confidence=0.9),
        Alternative(display="Turn on kitchen best.", confidence=0.89),
    ]
    selection = await async_select(hass, ENTITY_ID, [heard], "en-US", DISPLAY)
    assert selection.text == "turn on kitchen west"


@pytest.mark.parametrize(
    ("settings", "heard", "changed", "pair"),
    [
        pytest.param(
            {},
            [Alternative(display="Turn on kitchen W.", lexical="turn on kitchen west")],
            "turn on kitchen west",
            ("W", "west"),
            id="lexical form",
        ),
        pytest.param(
            {},
            [
                Alternative(display="Turn on the chicken light.", confidence=0.9),
                Alternative(display="Turn on the kitchen light.", confidence=0.8),
            ],
            "Turn on the kitchen light.",
            ("chicken", "kitchen"),
            id="alternative",
        ),
        pytest.param(
            LLM,
            [Alternative(display="Turn on the kitchin light.")],
            "Turn on the Kitchen light.",
            ("kitchin", "kitchen"),
            id="name",
        ),
    ],
)
async def test_refused_change(
    hass: HomeAssistant,
    settings: dict[str, Any],
    heard: list[Alternative],
    changed: str,
    pair: tuple[str, str],
) -> None:
    """A change of any kind isn't made again once the user said that it was wrong."""
    await add_pipeline(hass, **settings)
    add_light(hass, "Kitchen west")
    await hass.async_block_till_done()

    async def selected(learned: Learned) -> str:
        selection = await async_select(hass, ENTITY_ID, [heard], "en-US", DISPLAY, learned)
        assert bool(selection.changes) is (selection.text != heard[0].display)
        return selection.text

    assert await selected(Learned()) == changed
    refused = Learned(refused=[{"heard": pair[0], "meant": pair[1]}])
    assert await selected(refused) == heard[0].display


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Could you turn off the hitching might?", "Could you turn off the Kitchen light?"),
        ("Who wrote the hitching might?", "Who wrote the hitching might?"),
        ("Turn on the kitchen light.", "Turn on the kitchen light."),
    ],
)
async def test_sound_alike_for_llm(hass: HomeAssistant, text: str, expected: str) -> None:
    """To an LLM it stands for a name where something is done, not in any question."""
    await add_pipeline(hass, **LLM)
    learned = Learned(
        [
            {"heard": "hitching might", "meant": "Kitchen light"},
            {"heard": "kitchen light", "meant": "Lamp 20"},
        ]
    )
    heard = [[Alternative(display=text)]]
    selection = await async_select(hass, ENTITY_ID, heard, "en-US", DISPLAY, learned)
    assert selection.text == expected


async def test_lexical_form_never_shows_a_hidden_word(hass: HomeAssistant) -> None:
    """The lexical form keeps words that profanity masks or removes, so it's not used then."""
    await add_pipeline(hass)
    expect(hass, "turn the damn light on")
    for display in ("Turn the **** light on.", "Turn the light on."):
        heard = [Alternative(display=display, lexical="turn the damn light on")]
        selection = await async_select(hass, ENTITY_ID, [heard], "en-US", DISPLAY)
        assert selection.text == display


ACTIONS = ("automation", "button", "input_button", "scene", "script")


def add_action(hass: HomeAssistant, name: str, domain: str = "script") -> str:
    """Add a script, scene, ... to those that Assist may run; return its entity id."""
    entity = er.async_get(hass).async_get_or_create(domain, "test", name, original_name=name)
    hass.states.async_set(entity.entity_id, "off", {"friendly_name": name})
    async_expose_entity(hass, "conversation", entity.entity_id, should_expose=True)
    return entity.entity_id


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("domain", ACTIONS)
async def test_the_opposite_is_never_taken(
    hass: HomeAssistant, settings: dict[str, Any], domain: str
) -> None:
    """Neither by sound nor as an alternative: "blocco" (lock) isn't "Sblocco" (unlock)."""
    await add_pipeline(
        hass, stt_language="it-IT", language="it", conversation_language="it", **settings
    )
    add_action(hass, "Sblocco porta", domain)
    await hass.async_block_till_done()
    heard = "attiva blocco porta"
    assert await choose(hass, heard, language="it-IT") == heard
    assert await choose(hass, "Blocco porta.", "Sblocco porta.", language="it-IT") == (
        "Blocco porta."
    )


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("language", OPPOSITES)
async def test_opposites_of_scripts(
    hass: HomeAssistant, settings: dict[str, Any], language: str
) -> None:
    """A script isn't run by its opposite, even if it is the only one in the home."""
    region = f"{language}-XX"
    await add_pipeline(
        hass, stt_language=region, language=language, conversation_language=language, **settings
    )
    start, pairs = OPPOSITES[language]
    changed = []
    for heard, name in (*pairs, *(pair[::-1] for pair in pairs)):
        entity_id = add_action(hass, name)
        await hass.async_block_till_done()
        offered = (
            (f"{start} {heard.lower()}",),
            (f"{heard}.",),
            (f"{heard}.", f"{name}."),
            (f"{start} {heard}.", f"{start} {name}."),
        )
        changed += [
            texts for texts in offered if await choose(hass, *texts, language=region) != texts[0]
        ]
        hass.states.async_remove(entity_id)
        er.async_get(hass).async_remove(entity_id)
    assert not changed


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (("Start Kino Abend.",), "Start Kinoabend."),
        (("Start thermo mics.",), "Start Thermomix."),
        (("Start the rumba party.", "Start the Roomba party."), "Start the Roomba party."),
        (("Start scene two.",), "Start Scene 2."),
        (("Start scene three.",), None),
        (("Start rumba art.", "Start the Roomba party."), None),
    ],
)
async def test_misheard_names_of_actions(
    hass: HomeAssistant, settings: dict[str, Any], heard: tuple[str, ...], expected: str | None
) -> None:
    """The name of a script is corrected where nothing in it can be an opposite."""
    await add_pipeline(hass, **settings)
    for name in ("Kinoabend", "Thermomix", "Roomba party", "Scene 2"):
        add_action(hass, name)
    await hass.async_block_till_done()
    assert await choose(hass, *heard) == (expected or heard[0])


@pytest.mark.parametrize("settings", KINDS)
async def test_alternatives_without_data(hass: HomeAssistant, settings: dict[str, Any]) -> None:
    """An LLM can't be asked, so it must be known which words are opposed in the language."""
    await add_pipeline(
        hass, stt_language="tlh-XX", language="en", conversation_language="en", **settings
    )
    await add_awkward_home(hass)
    heard = "Turn on the glue.", "Turn on the loo."
    assert await choose(hass, *heard, language="tlh-XX") == heard[settings != LLM]


async def add_awkward_home(hass: HomeAssistant) -> None:
    """Add names that are hard to hear: of things, of an area, and of a floor."""
    for name in ("Frédéric's lamp", "The loo", "Tiefkühler", "Kitchen west"):
        add_light(hass, name)
    add_light(hass, "Roomba", "Dusty Springfield")
    loggia = ar.async_get(hass).async_create("Loggia")
    floor = fr.async_get(hass).async_create("Mezzanine")
    ar.async_get(hass).async_update(loggia.id, floor_id=floor.floor_id)
    entity_id = er.async_get(hass).async_get_entity_id("light", "test", "Tiefkühler")
    assert entity_id
    er.async_get(hass).async_update_entity(entity_id, area_id=loggia.id)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("settings", "heard", "expected"),
    [
        pytest.param({}, "Turn on the rumba.", "Turn on the Roomba.", id="core doesn't correct it"),
        pytest.param(LOCAL_FIRST, "Turn on the rumba.", "Turn on the Roomba.", id="sound"),
        pytest.param(LOCAL_FIRST, "Turn on the loop.", "Turn on The loo.", id="spelling"),
        pytest.param(
            LOCAL_FIRST, "Turn on Fredericks lamp.", "Turn on Frédéric's lamp.", id="accents"
        ),
        pytest.param(
            LOCAL_FIRST, "Turn on dusty springfeld.", "Turn on Dusty Springfield.", id="alias"
        ),
        pytest.param(
            LOCAL_FIRST, "Turn on the lodgia lights.", "Turn on the Loggia lights.", id="area"
        ),
        pytest.param(
            LOCAL_FIRST, "Turn on the mezanin lights.", "Turn on the Mezzanine lights.", id="floor"
        ),
        pytest.param(LOCAL_FIRST, "Dance the rumba.", None, id="not understood"),
        pytest.param(LLM, "Dance the rumba.", None, id="LLM, a word"),
        pytest.param(LLM, "Turn on the rumba.", "Turn on the Roomba.", id="LLM, a command"),
        pytest.param(
            {"conversation_language": "tlh"},
            "Turn on the rumba.",
            None,
            id="no sentences in the language",
        ),
        pytest.param(
            {"conversation_language": "tlh"},
            "Turn on Fredericks lamp.",
            "Turn on Frédéric's lamp.",
            id="no sentences, nearly the same",
        ),
        pytest.param(
            LLM, "Is Fredericks lamp on?", "Is Frédéric's lamp on?", id="LLM, nearly the same"
        ),
    ],
)
async def test_correction(
    hass: HomeAssistant, settings: dict[str, Any], heard: str, expected: str | None
) -> None:
    """A misheard name is corrected if core doesn't do it and the outcome makes sense."""
    await add_pipeline(hass, **settings)
    await add_awkward_home(hass)
    assert await choose(hass, heard) == (expected or heard)


@pytest.mark.parametrize(
    ("settings", "heard", "expected"),
    [
        (LOCAL_FIRST, ("Turn on the rain bar.", "Turn on the rumba."), "Turn on the Roomba."),
        (LLM, ("Turn on the rain bar.", "Turn on the rumba."), "Turn on the Roomba."),
        (LOCAL_FIRST, ("Turn on the rain bar.", "Turn off the rumba."), None),
        (
            LOCAL_FIRST,
            ("Turn on the fatter lamp.", "Turn on Fredericks lamp."),
            "Turn on Frédéric's lamp.",
        ),
        (LOCAL_FIRST, ("Dance on the rain bar.", "Dance on the rumba."), None),
    ],
)
async def test_correction_of_another_alternative(
    hass: HomeAssistant, settings: dict[str, Any], heard: tuple[str, ...], expected: str | None
) -> None:
    """A name that is near only in another alternative is corrected there; the verb stays."""
    await add_pipeline(hass, **settings)
    await add_awkward_home(hass)
    assert await choose(hass, *heard) == (expected or heard[0])


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (("Schalte den Tiefküler ein.",), "Schalte den Tiefkühler ein."),
        (("Schalte den Tief Kühler ein.",), "Schalte den Tiefkühler ein."),
        (("Schalte den Tiefkuhler aus.",), "Schalte den Tiefkühler aus."),
        (("Schalte Jeroms Lampe ein.",), "Schalte Jérômes Lampe ein."),
        (("Schalte das Licht in der Loggja ein.",), "Schalte das Licht in der Loggia ein."),
        (("Schalte den Tee Kühler aus.", "Schalte den Tiefkühler aus."), None),
        (
            ("Schalte den Tiefkühler aus.", "Schalte den Tiefkühler ein."),
            "Schalte den Tiefkühler aus.",
        ),
        (("Erzähl mir einen Witz.", "Erzähl mir einen Blitz."), "Erzähl mir einen Witz."),
    ],
)
async def test_german(hass: HomeAssistant, heard: tuple[str, ...], expected: str | None) -> None:
    """Core's gazetteer knows English only: German names are corrected here."""
    await add_pipeline(hass, language="de", conversation_language="de", stt_language="de-DE")
    await add_awkward_home(hass)
    add_light(hass, "Jérômes Lampe")
    await hass.async_block_till_done()
    assert await choose(hass, *heard, language="de-DE") == (expected or heard[-1])


@pytest.mark.parametrize("settings", KINDS)
async def test_a_command_for_an_llm_stays(hass: HomeAssistant, settings: dict[str, Any]) -> None:
    """A text that Home Assistant's agent would understand isn't corrected."""
    await add_pipeline(hass, **settings)
    await add_awkward_home(hass)
    text = "Add rumba to my shopping list."
    assert await choose(hass, text) == text


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("Accendi l'ombidificatore.", "Accendi l'Umidificatore."),
        ("Spegni il ventilatore di Ulise.", "Spegni il Ventilatore di Ulisse."),
        # A name alone would turn it on.
        ("Spe ventilatore di Uline.", None),
    ],
)
async def test_italian(hass: HomeAssistant, heard: str, expected: str | None) -> None:
    """An article with its apostrophe is no part of a name, nor is a misheard verb."""
    await add_pipeline(hass, language="it", conversation_language="it", stt_language="it-IT")
    for name in ("Umidificatore", "Ventilatore di Ulisse"):
        add_light(hass, name)
    await hass.async_block_till_done()
    assert await choose(hass, heard, language="it-IT") == (expected or heard)


@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("language", SENTENCES)
async def test_other_speech_is_left_alone(
    hass: HomeAssistant, settings: dict[str, Any], language: str
) -> None:
    """A text that isn't a command goes out word by word, with any names in the home."""
    region = f"{language}-XX"
    await add_pipeline(
        hass, stt_language=region, language=language, conversation_language=language, **settings
    )
    await add_awkward_home(hass)
    for name in ("Curtain", "Heating", "Weather", "Router", "Heizung", "Garten", "Fernseher"):
        add_light(hass, name)
    await hass.async_block_till_done()
    texts = {text: await choose(hass, text, language=region) for text in SENTENCES[language]}
    assert {text: out for text, out in texts.items() if text != out} == {}


_COMMANDS = st.builds(
    "{}{} {}{}".format,
    st.sampled_from(["Turn on", "turn off", "Switch on", "Please turn on"]),
    st.sampled_from(["", " the"]),
    st.sampled_from(["kitchen light", "Kitchen Light", "lamp 20", "kitchen lights"]),
    st.sampled_from(["", ".", "!"]),
)


@hypothesis_settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(best=_COMMANDS, other=_COMMANDS)
async def test_understood_text_is_the_same(hass: HomeAssistant, best: str, other: str) -> None:
    """A text that the home understands goes out unchanged, despite other alternatives."""
    if all(pipeline.stt_engine != ENTITY_ID for pipeline in async_get_pipelines(hass)):
        await add_pipeline(hass, **LOCAL_FIRST)
    assert await choose(hass, best, other) == best


@pytest.mark.parametrize("settings", KINDS)
async def test_sentence_trigger(hass: HomeAssistant, settings: dict[str, Any]) -> None:
    """A trigger's sentence is understood by every pipeline, and stays."""
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {"platform": "conversation", "command": "dance fredericks lamp"},
                "actions": [],
            }
        },
    )
    await add_pipeline(hass, **settings)
    await add_awkward_home(hass)
    assert await choose(hass, "Dance Fredericks lamp.") == "Dance Fredericks lamp."
    assert await choose(hass, "Pack Fredericks lamp.") != "Dance Fredericks lamp."


@pytest.mark.parametrize(
    ("confidence", "text"), [(0.6, "Turn on the ramba"), (0.725, "Turn on the Roomba")]
)
async def test_much_less_likely(hass: HomeAssistant, confidence: float, text: str) -> None:
    """An alternative with much less confidence isn't taken, in whichever part it is."""
    await add_pipeline(hass, **LLM)
    await add_awkward_home(hass)
    parts = [
        [Alternative(display="Hello", confidence=0.3)],
        [
            Alternative(display="Turn on the ramba", confidence=0.9),
            Alternative(display="Turn on the Roomba", confidence=confidence),
        ],
    ]
    choice = await async_select(hass, ENTITY_ID, parts, "en-US", DISPLAY)
    assert choice.text == f"Hello {text}"


async def test_log_without_words(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """The debug log names the rule, and not the text."""
    caplog.set_level("DEBUG", "custom_components.azure_stt.home.selection")
    await add_pipeline(hass, **LOCAL_FIRST)
    await add_awkward_home(hass)
    await choose(hass, "Turn on the ramba.", "Turn on the Roomba.")
    await choose(hass, "Turn on the rumba.")
    own = [record.getMessage() for record in caplog.records if "azure_stt" in record.name]
    assert own == ["Selected another alternative because of a name", "Corrected a name"]


@pytest.mark.parametrize("text", ["Turn on the cellar lamp.", "Turn on the gargoyle lamp."])
async def test_home_assistants_answers_stay_the_same(hass: HomeAssistant, text: str) -> None:
    """Asking beforehand doesn't change Home Assistant's answers, name by name."""
    await add_pipeline(hass)
    add_light(hass, "Cellar lamp")
    async_expose_entity(hass, "conversation", "light.test_cellar_lamp", should_expose=False)
    assert await choose(hass, text) == text
    asked = await _answer(hass, text)
    agent = get_agent_manager(hass).default_agent
    assert agent is not None
    agent._intent_cache.clear()
    assert asked == await _answer(hass, text)


async def _answer(hass: HomeAssistant, text: str) -> str:
    """Return the answer of Home Assistant's agent to a text."""
    result = await async_converse(hass, text, None, Context(), "en")
    return str(result.response.speech["plain"]["speech"])
