"""Button that tests a resource."""

from collections.abc import Iterator
from typing import override

from homeassistant.components import persistent_notification
from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_translations

from .actions.check_up import async_check_up
from .connection_form import form_errors
from .const import DOMAIN
from .entity import ResourceEntity
from .resource.report import ResourceReport, SpokenSample
from .resource.resource import AzureSttConfigEntry

# A second test waits for the first one.
PARALLEL_UPDATES = 1

type _Line = tuple[str, dict[str, str]]
"""The key of a text and its placeholders."""


async def async_setup_entry(
    _: HomeAssistant,
    entry: AzureSttConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the resource's button."""
    async_add_entities([TestButton(entry)])


class TestButton(ResourceEntity, ButtonEntity):
    """Tests a resource, and shows the outcome as a notification."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AzureSttConfigEntry) -> None:
        """Initialize for a resource."""
        super().__init__(entry, "test")
        self._attr_translation_key = "test"

    @override
    async def async_press(self) -> None:
        report = await async_check_up(self.hass, self._entry)
        language = self.hass.config.language
        texts = await async_get_translations(self.hass, language, "common", [DOMAIN])
        errors = await async_get_translations(self.hass, language, "config", [DOMAIN])
        prefix = f"component.{DOMAIN}.common.test_"
        persistent_notification.async_create(
            self.hass,
            "\n".join(
                f"- {texts[prefix + key].format(**placeholders)}"
                for key, placeholders in _lines(report, errors)
            ),
            title=texts[f"{prefix}title"].format(name=self._entry.title),
            notification_id=f"{DOMAIN}_test_{self._entry.entry_id}",
        )


def _lines(report: ResourceReport, errors: dict[str, str]) -> Iterator[_Line]:
    """Yield the lines of a report, with the texts of the set-up's errors."""
    if report.error:
        key = next(iter(form_errors(report.error, {}).values()))
        error = errors[f"component.{DOMAIN}.config.error.{key}"]
        yield "failed", {"host": report.host, "error": error}
        return
    yield "answered", {"host": report.host, "seconds": f"{report.seconds:.2f}"}
    if report.limit_reached:
        yield "limit_reached", {}
        return
    yield {True: "fast", False: "no_fast", None: "fast_unknown"}[report.has_fast], {}
    yield _sample_line(report.sample)


def _sample_line(sample: SpokenSample | None) -> _Line:
    if sample is None:
        return "no_sample", {}
    if sample.error is not None:
        return "sample_failed", {"language": sample.language, "error": sample.error}
    if sample.is_exact:
        return "sample_exact", {"language": sample.language}
    return "sample_differs", {
        "language": sample.language,
        "right": str(sample.right),
        "words": str(sample.words),
        "said": sample.said,
        "heard": sample.heard,
    }
