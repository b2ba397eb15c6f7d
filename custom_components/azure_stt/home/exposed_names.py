"""The names of a home's entities, areas and floors, as far as Assist may use them."""

import asyncio
from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    entity_registry as er,
    floor_registry as fr,
    intent,
)
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .assist import async_is_exposed
from .name_matching import Names

# Entities in these domains are often named after an action, which the name may reverse.
_ACTION_DOMAINS: Final = {"automation", "button", "input_button", "scene", "script"}

# Prepared names that are kept: those of a few languages, or of the home before a name changed.
_PREPARED_MAX: Final = 4

# States that are read before the event loop has its turn.
_STATES_AT_ONCE: Final = 200


class _Key(NamedTuple):
    """All that the names of a home depend on."""

    language: str
    names: tuple[str, ...]
    actions: tuple[str, ...]
    places: tuple[str, ...]
    hidden: tuple[str, ...]


_PREPARED: Final[HassKey[dict[_Key, Names]]] = HassKey(f"{DOMAIN}_names")


async def async_get_names(hass: HomeAssistant, language: str) -> Names:
    """Return the names and aliases, prepared for matching in a language.

    The preparation takes up to some seconds for a new language, off the event loop, and is kept
    until a name changes.
    """
    areas = ar.async_get(hass).async_list_areas()
    floors = fr.async_get(hass).async_list_floors()
    places = [name for area in areas for name in (area.name, *area.aliases)]
    places += [name for floor in floors for name in (floor.name, *floor.aliases)]
    names: list[str] = []
    actions: list[str] = []
    hidden: list[str] = []
    registry = er.async_get(hass)
    for index, state in enumerate(hass.states.async_all()):
        if index % _STATES_AT_ONCE == _STATES_AT_ONCE - 1:
            await asyncio.sleep(0)
        group = names
        if not async_is_exposed(hass, state.entity_id):
            group = hidden
        elif state.domain in _ACTION_DOMAINS:
            group = actions
        group.extend(
            intent.async_get_entity_aliases(hass, registry.async_get(state.entity_id), state=state)
        )
    key = _Key(language, tuple(names), tuple(actions), tuple(places), tuple(hidden))
    prepared = hass.data.setdefault(_PREPARED, {})
    if key not in prepared:
        prepared[key] = await hass.async_add_executor_job(_prepare, key)
        if len(prepared) > _PREPARED_MAX:
            del prepared[next(iter(prepared))]
    return prepared[key]


def _prepare(key: _Key) -> Names:
    return Names(key.names, key.language, actions=key.actions, places=key.places, hidden=key.hidden)
