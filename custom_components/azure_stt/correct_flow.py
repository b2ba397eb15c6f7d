"""Steps of a recognizer's flow: *Correct something misheard*."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.translation import async_get_translations

from .const import CONF_CORRECTIONS, CONF_HEARD, CONF_MEANT, CONF_SOUND_ALIKES, DOMAIN
from .home.exposed_names import async_get_names
from .home.learned import LEARNED_MAX, LISTS, Replacement, taught, with_lesson, without_change
from .home.name_matching import Names
from .home.recent import async_get_recent
from .home.signals import Utterance
from .home.words import plain

_UTTERANCE: Final = "utterance"
_WRONG_CHANGE: Final = "wrong_change"
_CHANGES: Final = f"component.{DOMAIN}.entity.event.speech.state_attributes.changes.state"


class CorrectFlow(ConfigSubentryFlow):
    """Lets users teach a recognizer, after a misheard utterance or a wrong correction."""

    _utterances: Sequence[Utterance] = ()
    _utterance: Utterance
    _wrong_change = False

    async def async_step_correct(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the user choose one of the last utterances."""
        if user_input is not None:
            self._utterance = self._utterances[int(user_input[_UTTERANCE])]
            return await self.async_step_meant()
        recognizer_id = self._get_reconfigure_subentry().subentry_id
        heard = async_get_recent(self.hass).of(recognizer_id)
        self._utterances = [each for each in heard if each.text]
        if not self._utterances:
            return self.async_abort(reason="nothing_heard")
        translations = await async_get_translations(
            self.hass, self.hass.config.language, "entity", [DOMAIN]
        )
        options = [
            SelectOptionDict(value=str(index), label=_label(utterance, translations))
            for index, utterance in enumerate(self._utterances)
        ]
        selector = SelectSelector(
            SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
        )
        return self.async_show_form(
            step_id="correct", data_schema=vol.Schema({vol.Required(_UTTERANCE): selector})
        )

    async def async_step_meant(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the words that were meant, and whether a change was wrong."""
        heard = self._utterance.heard
        names = await async_get_names(self.hass, self._utterance.language)
        if user_input is None:
            return self._async_show_meant(names)
        meant = user_input.get(CONF_MEANT, "").strip()
        as_heard = plain(meant) == plain(heard)
        # Entering the original text means the same as the checkbox.
        self._wrong_change = user_input.get(_WRONG_CHANGE, False) or (
            as_heard and bool(self._utterance.changes)
        )
        if self._wrong_change and (as_heard or not meant):
            return self._async_save() or self._async_show_meant(
                names, user_input, {"base": "too_many_corrections"}
            )
        if as_heard or not plain(meant):
            error = "same_as_heard" if meant and as_heard else "nothing_meant"
            return self._async_show_meant(names, user_input, {CONF_MEANT: error})
        return self._async_show_lesson(taught(heard, meant, names)._asdict())

    @callback
    def _async_show_meant(
        self,
        names: Names,
        shown: Mapping[str, Any] | None = None,
        errors: dict[str, str] | None = None,
    ) -> SubentryFlowResult:
        utterance = self._utterance
        fields: dict[vol.Marker, Any] = {
            vol.Optional(CONF_MEANT): SelectSelector(
                SelectSelectorConfig(
                    options=sorted(names.all, key=str.casefold),
                    custom_value=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            )
        }
        if utterance.changes:
            fields[vol.Optional(_WRONG_CHANGE, default=False)] = BooleanSelector()
        return self.async_show_form(
            step_id="meant",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), shown),
            errors=errors,
            description_placeholders={"heard": utterance.heard, "text": utterance.text},
        )

    async def async_step_lesson(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        """Save the lesson: a sound-alike of a name, or otherwise a correction."""
        heard, meant = (user_input.get(key, "").strip() for key in (CONF_HEARD, CONF_MEANT))
        names = await async_get_names(self.hass, self._utterance.language)
        name = names.spelled(meant)
        if error := _lesson_error(heard, meant, name, names):
            return self._async_show_lesson(user_input, error)
        key = CONF_SOUND_ALIKES if name else CONF_CORRECTIONS
        saved = self._async_save(key, Replacement(heard, name or meant))
        return saved or self._async_show_lesson(user_input, "too_many_corrections")

    @callback
    def _async_show_lesson(
        self, shown: Mapping[str, Any], error: str | None = None
    ) -> SubentryFlowResult:
        schema = vol.Schema(
            {vol.Required(CONF_HEARD): TextSelector(), vol.Required(CONF_MEANT): TextSelector()}
        )
        return self.async_show_form(
            step_id="lesson",
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors={"base": error} if error else None,
        )

    @callback
    def _async_save(
        self, key: str = "", lesson: Replacement | None = None
    ) -> SubentryFlowResult | None:
        """Save a lesson in the list of a key, and a wrong change; return None without room."""
        utterance, subentry = self._utterance, self._get_reconfigure_subentry()
        data = dict(subentry.data)
        if self._wrong_change:
            data |= without_change(data, utterance.heard, utterance.text)
        if lesson:
            data |= with_lesson(data, key, lesson)
        if any(len(data.get(each, ())) > LEARNED_MAX for each in LISTS):
            return None
        return self.async_update_and_abort(self._get_entry(), subentry, data=data)


def _lesson_error(heard: str, meant: str, name: str | None, names: Names) -> str | None:
    """Return the error in a lesson, or None. `name` is the name that was meant, if any."""
    words = plain(heard).split()
    if not words or not plain(meant):
        return "nothing_meant"
    if plain(heard) == plain(meant):
        return "same_as_heard"
    if name and names.are_known(words):
        return "other_name"
    return "opposite_name" if name and names.oppose(name, words) else None


def _label(utterance: Utterance, translations: Mapping[str, str]) -> str:
    """Return an utterance's label: the recognized text, the corrected text, and the reason."""
    if not utterance.changes:
        return utterance.text
    # The frontend has no translations for parts of an option, so these are the event entity's.
    reasons = (
        translations.get(f"{_CHANGES}.{change}", str(change)) for change in utterance.changes
    )
    return f"{utterance.heard} → {utterance.text} ({', '.join(reasons)})"
