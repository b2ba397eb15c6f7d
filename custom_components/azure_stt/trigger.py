"""The trigger *Phrase recognized*."""

from typing import Any, Final, cast, override

import voluptuous as vol

from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.const import CONF_MATCH, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.target import TargetEntityChangeTracker, TargetSelection
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .home.phrases import (
    Expectation,
    Match,
    PhraseError,
    Slots,
    async_get_phrase_registry,
    check_phrase,
)
from .home.signals import Utterance

CONF_PHRASES: Final = "phrases"
CONF_MIN_CONFIDENCE: Final = "min_confidence"


def _phrase(value: object) -> str:
    """Return a valid template of a phrase, or raise vol.Invalid with the reason."""
    phrase = str(cv.string(value)).strip()
    try:
        check_phrase(phrase)
    except PhraseError as err:
        msg = f"invalid phrase '{phrase}': {err}"
        raise vol.Invalid(msg) from err
    return phrase


def _confidence(value: object) -> float:
    """Return a confidence from 0 to 1.

    It is given in percent, but a value of at most 1 is the fraction that earlier versions saved.
    """
    confidence = float(vol.All(vol.Coerce(float), vol.Range(min=0, max=100))(value))
    return confidence if confidence <= 1 else confidence / 100


def _target(value: object) -> dict[str, Any]:
    """Return a target that isn't empty."""
    target = cast("dict[str, Any]", vol.Schema(cv.TARGET_FIELDS)(value))
    if not TargetSelection(target).has_any_target:
        msg = "choose at least one recognizer, or its device, area or label"
        raise vol.Invalid(msg)
    return target


_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_TARGET): _target,
        vol.Required(CONF_OPTIONS, default={}): {
            vol.Optional(CONF_PHRASES, default=[]): vol.All(cv.ensure_list, [_phrase]),
            vol.Optional(CONF_MATCH, default=Match.WHOLE): vol.Coerce(Match),
            vol.Optional(CONF_MIN_CONFIDENCE, default=0): _confidence,
        },
    }
)


class PhraseRecognizedTrigger(Trigger):
    """Fires when a recognizer hears a phrase, even if Assist doesn't understand it."""

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        return cast("ConfigType", _SCHEMA(config))

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize with a validated configuration."""
        super().__init__(hass, config)
        self._target = TargetSelection(config.target or {})
        self._options = config.options or {}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Wait for the phrases. The recorder keeps the description, so it has no spoken words."""

        @callback
        def heard(utterance: Utterance, slots: Slots) -> None:
            run_action(_payload(utterance, slots), f"speech recognized by {utterance.entity_id}")

        expectation = Expectation(
            phrases=self._options[CONF_PHRASES],
            match=self._options[CONF_MATCH],
            min_confidence=self._options[CONF_MIN_CONFIDENCE],
            heard=heard,
        )
        forget = async_get_phrase_registry(self._hass).async_add(expectation)
        untrack = await _RecognizerTracker(self._hass, self._target, expectation).async_setup()

        @callback
        def detach() -> None:
            untrack()
            forget()

        return detach


class _RecognizerTracker(TargetEntityChangeTracker):
    """Keeps an expectation's recognizers up to date as areas, devices and labels change."""

    def __init__(
        self, hass: HomeAssistant, target: TargetSelection, expectation: Expectation
    ) -> None:
        super().__init__(hass, target, self._recognizers)
        self._expectation = expectation

    def _recognizers(self, entity_ids: set[str]) -> set[str]:
        """Return the entities that are recognizers of this integration."""
        registry = er.async_get(self._hass)
        return {
            entity_id
            for entity_id in entity_ids
            if (entity := registry.async_get(entity_id))
            and (entity.domain, entity.platform) == (STT_DOMAIN, DOMAIN)
        }

    @override
    @callback
    def _handle_entities_update(self, tracked_entities: set[str]) -> None:
        self._expectation.entity_ids = tracked_entities


def _payload(utterance: Utterance, slots: Slots) -> dict[str, Any]:
    """Return the data that the automation finds in `trigger`."""
    return {
        "text": utterance.text,
        "heard": utterance.heard,
        "changes": list(utterance.changes),
        "slots": slots,
        "confidence": utterance.confidence,
        "language": utterance.language,
        "entity_id": utterance.entity_id,
        "satellite_id": utterance.satellite_id,
        "duration": utterance.duration,
        "alternatives": list(utterance.alternatives),
    }


async def async_get_triggers(_: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the integration's triggers."""
    return {"phrase_recognized": PhraseRecognizedTrigger}
