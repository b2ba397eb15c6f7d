"""Our entity in a Home Assistant core, in this process."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from aiohttp.resolver import AsyncResolver

from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from tests.support.home import metadata, resource_entry


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant core with only its default parts."""
    resolver = AsyncResolver()
    # Home Assistant's own needs its zeroconf and network integrations; no name is looked up here.
    resolver.real_close = resolver.close  # type: ignore[attr-defined]
    with (
        # Home Assistant may still be writing its files when it has stopped.
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        patch("homeassistant.helpers.aiohttp_client._async_make_resolver", return_value=resolver),
    ):
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)  # the harness keeps them out
            assert await async_setup_component(hass, "homeassistant", {})
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)


async def recognizer(
    hass: HomeAssistant, address: str, language: str, options: Mapping[str, Any] | None = None
) -> Callable[[AsyncIterable[bytes]], Awaitable[str]]:
    """Add a resource at an address; return a function by which its entity recognizes a stream."""
    entity_id = await add_recognizer(hass, address, options or {})
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    assert entity

    async def recognize(stream: AsyncIterable[bytes]) -> str:
        result = await entity.internal_async_process_audio_stream(metadata(language), stream)
        return result.text or ""

    return recognize


async def add_recognizer(hass: HomeAssistant, address: str, options: Mapping[str, Any]) -> str:
    """Add a resource at an address, its recognizer with some options; return its entity's ID."""
    entry = resource_entry(address, recognizer=options)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    [entity_id] = [entity.entity_id for entity in registered if entity.domain == STT_DOMAIN]
    return entity_id
