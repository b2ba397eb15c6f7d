"""The options of a resource: tier, prices and the monthly limit."""

from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_CURRENCY
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from .const import (
    CONF_MONTHLY_LIMIT_HOURS,
    CONF_PRICE_PER_HOUR,
    CONF_SECOND_PRICE_PER_HOUR,
    CONF_TIER,
    DEFAULT_SECOND_PRICE_PER_HOUR,
    Tier,
)

DEFAULT_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        CONF_TIER: Tier.S0,
        CONF_PRICE_PER_HOUR: 1.0,
        CONF_SECOND_PRICE_PER_HOUR: DEFAULT_SECOND_PRICE_PER_HOUR,
        CONF_CURRENCY: "USD",
    }
)

TIER: Final = SelectSelector(SelectSelectorConfig(options=list(Tier), translation_key=CONF_TIER))
_PRICE: Final = NumberSelector(
    NumberSelectorConfig(min=0, max=1_000_000, step="any", mode=NumberSelectorMode.BOX)
)

# A number field would take an impossible limit for an empty field, and for no limit.
_HOURS: Final = TextSelector(TextSelectorConfig(suffix="h"))


class AzureSttOptionsFlow(OptionsFlow):
    """Options of a resource: price, requests at once, and a monthly limit."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for tier, prices and limit; keep the input after an error."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                options = _with_limit(user_input)
            except ValueError:
                errors[CONF_MONTHLY_LIMIT_HOURS] = "invalid_limit"
            else:
                return self.async_create_entry(data=options)
        schema = vol.Schema(
            {
                vol.Required(CONF_TIER): TIER,
                vol.Required(CONF_PRICE_PER_HOUR): _PRICE,
                vol.Required(CONF_SECOND_PRICE_PER_HOUR): _PRICE,
                vol.Required(CONF_CURRENCY): SelectSelector(
                    SelectSelectorConfig(
                        options=sorted(ACTIVE_CURRENCIES), mode=SelectSelectorMode.DROPDOWN
                    )
                ),
                vol.Optional(CONF_MONTHLY_LIMIT_HOURS): _HOURS,
            }
        )
        saved = dict(self.config_entry.options)
        if limit := saved.get(CONF_MONTHLY_LIMIT_HOURS):
            saved[CONF_MONTHLY_LIMIT_HOURS] = f"{limit:g}"
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or {**DEFAULT_OPTIONS, **saved}
            ),
            errors=errors,
        )


def _with_limit(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options to save, without a limit if its field is empty.

    Raises ValueError for a limit that isn't a positive number.
    """
    options = dict(typed)
    if limit := options.pop(CONF_MONTHLY_LIMIT_HOURS, "").strip():
        hours = float(limit.replace(",", "."))
        if not (isfinite(hours) and hours > 0):
            raise ValueError
        options[CONF_MONTHLY_LIMIT_HOURS] = hours
    return options
