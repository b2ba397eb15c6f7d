"""The satellites that listen: their wake words, and how long a pause they take for an end."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from homeassistant.core import HomeAssistant, callback

from .private_api import private_api

_DEFAULT_FINISHED_SPEAKING: Final = 0.7
"""Seconds of Home Assistant's *Finished speaking detection* at *default*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Satellite:
    """A satellite that listens.

    `finished_speaking` are the seconds of its *Finished speaking detection*, `wake_words` the
    active ones as they are spoken. `waits_for_answer` says that it has asked a question.
    """

    finished_speaking: float = _DEFAULT_FINISHED_SPEAKING
    wake_words: tuple[str, ...] = ()
    waits_for_answer: bool = False


@callback
def async_get_satellites(hass: HomeAssistant) -> list[Satellite]:
    """Return the satellites that are listening; none for a browser."""
    with private_api(hass):
        return [_satellite(hass, entity_id) for entity_id in async_listening_satellites(hass)]
    return []


def finished_speaking(satellites: Iterable[Satellite]) -> float:
    """Return the seconds of quiet that all satellites take for an end."""
    return max((each.finished_speaking for each in satellites), default=_DEFAULT_FINISHED_SPEAKING)


def wake_words(satellites: Iterable[Satellite], ids: Iterable[str]) -> list[str]:
    """Return wake words as they are spoken: those of satellites, and those with ids."""
    spoken = [word for satellite in satellites for word in satellite.wake_words]
    return list(dict.fromkeys([*spoken, *(_phrase(each) for each in ids)]))


@callback
def async_listening_satellite(hass: HomeAssistant) -> str | None:
    """Return the satellite that an utterance comes from, if only one is listening."""
    listening = async_listening_satellites(hass)
    return listening[0] if len(listening) == 1 else None


@callback
def async_listening_satellites(hass: HomeAssistant) -> list[str]:
    """Return the satellites that are listening."""
    return [
        state.entity_id
        for state in hass.states.async_all("assist_satellite")
        if state.state == "listening"
    ]


def _satellite(hass: HomeAssistant, entity_id: str) -> Satellite:
    from homeassistant.components.assist_pipeline.vad import VadSensitivity  # noqa: PLC0415
    from homeassistant.components.assist_satellite.const import DATA_COMPONENT  # noqa: PLC0415

    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    if entity is None:
        return Satellite()
    seconds = _DEFAULT_FINISHED_SPEAKING
    select = entity.vad_sensitivity_entity_id
    if select and (state := hass.states.get(select)) and state.state in list(VadSensitivity):
        seconds = VadSensitivity.to_seconds(state.state)
    configuration = entity.async_get_configuration()
    active = set(configuration.active_wake_words)
    return Satellite(
        finished_speaking=seconds,
        wake_words=tuple(
            word.wake_word for word in configuration.available_wake_words if word.id in active
        ),
        waits_for_answer=entity._ask_question_future is not None,  # noqa: SLF001
    )


def _phrase(wake_word_id: str) -> str:
    """Return a wake word as it is spoken: "ok_nabu_v0.1" is "ok nabu"."""
    name, _, _ = wake_word_id.partition("_v0")
    return name.replace("_", " ")
