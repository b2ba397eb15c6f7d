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

from .const import (
    CONF_CORRECTIONS,
    CONF_HEARD,
    CONF_MEANT,
    CONF_REFUSED_CHANGES,
    CONF_SOUND_ALIKES,
)
from .home.exposed_names import async_get_names
from .home.learned import LEARNED_MAX, Replacement, replaced, taught
from .home.recent import async_get_recent
from .home.signals import Utterance
from .home.words import plain

_UTTERANCE: Final = "utterance"
_WRONG_CHANGE: Final = "wrong_change"


class CorrectFlow(ConfigSubentryFlow):
    """Learns from what a recognizer misheard last, and from what it shouldn't have changed."""

    _utterances: Sequence[Utterance] = ()
    _utterance: Utterance
    _refused: Replacement | None = None

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
        options = [
            SelectOptionDict(value=str(index), label=_label(utterance))
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
        """Ask what was meant, and whether a change was wrong."""
        utterance = self._utterance
        errors = {}
        if user_input is not None:
            meant = user_input.get(CONF_MEANT, "").strip()
            if user_input.get(_WRONG_CHANGE):
                self._refused = replaced(utterance.heard, utterance.text)
            if not meant and self._refused:
                return self._async_save({})
            if not meant:
                errors = {CONF_MEANT: "nothing_meant"}
            elif plain(meant) == plain(utterance.heard):
                errors = {CONF_MEANT: "same_as_heard"}
            else:
                names = await async_get_names(self.hass, utterance.language)
                return self._async_show_lesson(taught(utterance.heard, meant, names)._asdict())
        names = await async_get_names(self.hass, utterance.language)
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
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), user_input),
            errors=errors,
            description_placeholders={"heard": utterance.heard, "text": utterance.text},
        )

    async def async_step_lesson(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        """Save what is learned: a sound-alike of a name, or else a correction."""
        heard, meant = (user_input.get(key, "").strip() for key in (CONF_HEARD, CONF_MEANT))
        names = await async_get_names(self.hass, self._utterance.language)
        name = names.spelled(meant)
        key = CONF_SOUND_ALIKES if name else CONF_CORRECTIONS
        learned = self._learned(key, heard, name or meant)
        if not plain(heard) or not plain(meant):
            error = "nothing_meant"
        elif plain(heard) == plain(meant):
            error = "same_as_heard"
        elif name and not names.may_stand_for(name, plain(heard).split()):
            error = "opposite_name"
        elif len(learned) > LEARNED_MAX:
            error = "too_many_corrections"
        else:
            return self._async_save({key: learned})
        return self._async_show_lesson(user_input, {"base": error})

    @callback
    def _async_show_lesson(
        self, shown: Mapping[str, Any], errors: dict[str, str] | None = None
    ) -> SubentryFlowResult:
        schema = vol.Schema(
            {vol.Required(CONF_HEARD): TextSelector(), vol.Required(CONF_MEANT): TextSelector()}
        )
        return self.async_show_form(
            step_id="lesson",
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
        )

    def _learned(self, key: str, heard: str, meant: str) -> list[dict[str, str]]:
        """Return a saved list with another pair, which comes in the place of the same words."""
        saved = self._get_reconfigure_subentry().data.get(key, [])
        others = [pair for pair in saved if plain(pair[CONF_HEARD]) != plain(heard)]
        return [*others, {CONF_HEARD: heard, CONF_MEANT: meant}]

    @callback
    def _async_save(self, learned: Mapping[str, Any]) -> SubentryFlowResult:
        """Save what was learned, beside a change that was wrong."""
        subentry = self._get_reconfigure_subentry()
        data = {**subentry.data, **learned}
        if self._refused:
            refused = data.get(CONF_REFUSED_CHANGES, [])
            data[CONF_REFUSED_CHANGES] = [*refused, self._refused._asdict()][-LEARNED_MAX:]
        return self.async_update_and_abort(self._get_entry(), subentry, data=data)


def _label(utterance: Utterance) -> str:
    """Return how an utterance is listed: what was heard, and what became of it."""
    if utterance.heard == utterance.text:
        return utterance.text
    return f"{utterance.heard} → {utterance.text}"
