"""Repair notices: what only the user can put right. They go away by themselves."""

from enum import StrEnum

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


class Issue(StrEnum):
    """What can be noticed; the texts are in the translations."""

    QUOTA_EXCEEDED = "quota_exceeded"
    ENDPOINT_REFUSED = "endpoint_refused"
    UNREACHABLE = "unreachable"
    SECOND_ENTRY_MISSING = "second_entry_missing"


@callback
def async_create_issue(hass: HomeAssistant, entry: ConfigEntry, issue: Issue) -> None:
    """Show a notice about an entry, once."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, issue),
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=issue,
        translation_placeholders={"name": entry.title},
    )


@callback
def async_delete_issue(hass: HomeAssistant, entry: ConfigEntry, issue: Issue) -> None:
    """Take a notice back, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, issue))


@callback
def async_delete_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back all notices about an entry."""
    for issue in Issue:
        async_delete_issue(hass, entry, issue)


def _issue_id(entry: ConfigEntry, issue: Issue) -> str:
    return f"{issue}_{entry.entry_id}"
