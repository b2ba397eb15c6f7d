"""Whether Azure can be reached: shown by a sensor, and not by entities that can't be called."""

from homeassistant.components.stt import SpeechResultState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import Recognize
from tests.emulator import Emulator, Fault, speak
from tests.support.home import REACHABLE_ID
from tests.support.streams import AudioStream


def shown(hass: HomeAssistant, entity_id: str = REACHABLE_ID) -> str:
    """Return a state."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state.state


async def test_follows_the_health(
    hass: HomeAssistant, recognize: Recognize, loaded_entry: MockConfigEntry, emulator: Emulator
) -> None:
    """It goes off with an outage, on with the first answer; nothing becomes unavailable."""
    assert shown(hass) == "on"
    emulator.faults.append(Fault(status=503, times=None))
    result = await recognize(AudioStream(speak("Light.")))
    assert result.result is SpeechResultState.ERROR
    await hass.async_block_till_done()
    assert shown(hass) == "off"
    entities = er.async_entries_for_config_entry(er.async_get(hass), loaded_entry.entry_id)
    states = [hass.states.get(entity.entity_id) for entity in entities if not entity.disabled]
    assert states
    assert not [state for state in states if state is None or state.state == "unavailable"]
    emulator.faults.clear()
    assert (await recognize(AudioStream(speak("Light.")))).text == "Light."
    await hass.async_block_till_done()
    assert shown(hass) == "on"
