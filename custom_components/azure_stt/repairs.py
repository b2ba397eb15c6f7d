"""Fix flows of repair notices."""

from typing import Any

import voluptuous as vol

from homeassistant.components.repairs import FlowType, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.core import HomeAssistant

from .connection_form import title_of
from .const import CONF_MONTHLY_LIMIT_HOURS, SUBENTRY_TYPE
from .resource.client_factory import endpoint_of
from .resource.issues import Issue
from .resource.other_host import async_find_other_host
from .resource.usage import async_get_usage


class OtherHostFlow(RepairsFlow):
    """Offers the other host at which a resource answers."""

    def __init__(self, entry_id: str) -> None:
        """Initialize for an entry."""
        self._entry_id = entry_id
        self._other: dict[str, Any] | None = None

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Look for the other host."""
        entry = self.hass.config_entries.async_get_known_entry(self._entry_id)
        self._other = await async_find_other_host(self.hass, entry.data)
        if self._other is None:
            return self.async_abort(reason="no_other_host")
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Use the other host from now on, if the user agrees."""
        assert self._other is not None  # noqa: S101 - for the type checker
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders={"host": endpoint_of(self._other).host},
            )
        entry = self.hass.config_entries.async_get_known_entry(self._entry_id)
        title = title_of(self._other) if entry.title == title_of(entry.data) else entry.title
        self.hass.config_entries.async_update_entry(entry, title=title, data=self._other)
        return self.async_create_entry(data={})


class LimitReachedFlow(RepairsFlow):
    """Offers to go on this month although the monthly limit is reached."""

    def __init__(self, entry_id: str) -> None:
        """Initialize for an entry."""
        self._entry_id = entry_id

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the offer."""
        entry = self.hass.config_entries.async_get_known_entry(self._entry_id)
        return self.async_show_menu(
            step_id="init",
            menu_options=["go_on"],
            description_placeholders={
                "name": entry.title,
                "hours": f"{entry.options.get(CONF_MONTHLY_LIMIT_HOURS, 0.0):g}",
            },
        )

    async def async_step_go_on(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Lift the limit until the month ends."""
        entry = self.hass.config_entries.async_get_known_entry(self._entry_id)
        usage = await async_get_usage(self.hass, self._entry_id)
        usage.lift_limit(entry.options.get(CONF_MONTHLY_LIMIT_HOURS))
        return self.async_create_entry(data={})


class RecognizerFlow(RepairsFlow):
    """Opens the options of the recognizer that a notice is about.

    The notice stays until the wrong option has been changed there.
    """

    def __init__(self, entry_id: str, recognizer_id: str) -> None:
        """Initialize for a recognizer."""
        self._entry_id = entry_id
        self._recognizer_id = recognizer_id

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Explain the issue."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Open the options, if the user agrees."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        recognizer = entry and entry.subentries.get(self._recognizer_id)
        if entry is None or recognizer is None:
            return self.async_abort(reason="recognizer_gone")
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders={"name": recognizer.title},
            )
        flows = self.hass.config_entries.subentries
        menu = await flows.async_init(
            (self._entry_id, SUBENTRY_TYPE),
            context={"source": SOURCE_RECONFIGURE, "subentry_id": self._recognizer_id},
        )
        form = await flows.async_configure(menu["flow_id"], {"next_step_id": "settings"})
        return self.async_abort(
            reason="options_open",
            next_flow=(FlowType.CONFIG_SUBENTRIES_FLOW, form["flow_id"]),
        )


async def async_create_fix_flow(
    _: HomeAssistant, __: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that fixes a notice."""
    about = data or {}
    if recognizer_id := about.get("recognizer_id"):
        return RecognizerFlow(str(about["entry_id"]), str(recognizer_id))
    if about.get("issue") == Issue.MONTHLY_LIMIT_REACHED:
        return LimitReachedFlow(str(about["entry_id"]))
    return OtherHostFlow(str(about["entry_id"]))
