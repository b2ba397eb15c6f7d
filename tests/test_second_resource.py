"""The second resource: asked as it is now, and with nothing that belongs to the first one."""

from collections.abc import AsyncIterator
from typing import Final

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import Recognize
from tests.emulator import Emulator, Endpoint, speak
from tests.support.home import SECOND_KEY, resource_entry, second_emulator
from tests.support.streams import AudioStream

SENTENCE: Final = "Turn on the kitchen light."
MODEL: Final = "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c"
SECOND_ID: Final = "second"

pytestmark = pytest.mark.parametrize(
    "recognizer",
    [
        {
            "second_entry": SECOND_ID,
            "endpoint_id": MODEL,
            "endpoint_language": "en-US",
            "deadline": 2,
        }
    ],
)


@pytest.fixture
async def second(hass: HomeAssistant) -> AsyncIterator[tuple[Emulator, MockConfigEntry]]:
    """Give another region, and its entry, which isn't added yet."""
    async with second_emulator() as emulator:
        entry = resource_entry(emulator.url, key=SECOND_KEY, title="Second")
        object.__setattr__(entry, "entry_id", SECOND_ID)
        yield emulator, entry


async def hear(recognize: Recognize) -> str | None:
    """Return the text of a sentence."""
    return (await recognize(AudioStream(speak(SENTENCE)))).text


async def test_custom_model_stays_with_its_resource(
    hass: HomeAssistant,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    second: tuple[Emulator, MockConfigEntry],
    issue_registry: ir.IssueRegistry,
) -> None:
    """The second resource isn't asked for the first one's model, which it would refuse."""
    other, entry = second
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(SECOND_ID)
    await hass.async_block_till_done(wait_background_tasks=True)
    await emulator.stop()
    other.requests.clear()
    assert await hear(recognize) == SENTENCE
    assert [request.query.get("cid") for request in other.requests_for(Endpoint.RECOGNITION)] == [
        None
    ]
    assert not [issue for issue in issue_registry.issues.values() if SECOND_ID in issue.issue_id]
    await emulator.start()
    emulator.requests.clear()
    await hear(recognize)
    assert emulator.requests_for(Endpoint.RECOGNITION)[0].query["cid"] == MODEL


async def test_loaded_later_and_again(
    hass: HomeAssistant,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    second: tuple[Emulator, MockConfigEntry],
) -> None:
    """It may be loaded after the first one, go down, and be loaded again."""
    other, entry = second
    entry.add_to_hass(hass)
    await emulator.stop()
    assert await hear(recognize) is None
    assert await hass.config_entries.async_setup(SECOND_ID)
    await hass.async_block_till_done()
    assert await hear(recognize) == SENTENCE
    await other.stop()
    assert await hear(recognize) is None
    await other.start()
    assert await hass.config_entries.async_reload(SECOND_ID)
    await hass.async_block_till_done()
    assert await hear(recognize) == SENTENCE
