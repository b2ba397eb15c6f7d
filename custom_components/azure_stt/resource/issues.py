"""Repair notices about a resource. They go away by themselves."""

from enum import StrEnum
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import CONF_TIER, DOMAIN, Tier
from .usage import FREE_SECONDS, SIGNAL_USAGE, Usage


class Issue(StrEnum):
    """The kinds of notices; their texts are in the translations."""

    QUOTA_EXCEEDED = "quota_exceeded"
    ENDPOINT_REFUSED = "endpoint_refused"
    UNREACHABLE = "unreachable"
    NETWORK_RULES = "network_rules"
    OTHER_HOST = "other_host"
    SECOND_ENTRY_MISSING = "second_entry_missing"
    FREE_HOURS_LOW = "free_hours_low"
    FREE_HOURS_USED = "free_hours_used"


# The share of the free hours from which a notice is shown.
_FREE_HOURS: Final = {Issue.FREE_HOURS_USED: 1.0, Issue.FREE_HOURS_LOW: 0.8}


@callback
def async_create_issue(hass: HomeAssistant, entry: ConfigEntry, issue: Issue) -> None:
    """Show a notice about an entry, once."""
    warning = issue in _FREE_HOURS
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, issue),
        data={"entry_id": entry.entry_id},
        is_fixable=issue is Issue.OTHER_HOST,
        severity=ir.IssueSeverity.WARNING if warning else ir.IssueSeverity.ERROR,
        translation_key=issue,
        translation_placeholders={"name": entry.title},
    )


@callback
def async_delete_issue(hass: HomeAssistant, entry: ConfigEntry, issue: Issue) -> None:
    """Delete a notice, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, issue))


@callback
def async_delete_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all notices about an entry."""
    for issue in Issue:
        async_delete_issue(hass, entry, issue)


@callback
def async_watch_free_hours(hass: HomeAssistant, entry: ConfigEntry, usage: Usage) -> CALLBACK_TYPE:
    """Show a notice when the free tier's hours run out, until the returned function is called.

    A notice that is ignored stays ignored until the month's end.
    """

    @callback
    def check() -> None:
        share = usage.seconds_month / FREE_SECONDS if entry.options[CONF_TIER] == Tier.F0 else 0.0
        reached = next((issue for issue, least in _FREE_HOURS.items() if share >= least), None)
        for issue in _FREE_HOURS:
            change = async_create_issue if issue is reached else async_delete_issue
            change(hass, entry, issue)

    check()
    return async_dispatcher_connect(hass, SIGNAL_USAGE.format(entry.entry_id), check)


def _issue_id(entry: ConfigEntry, issue: Issue) -> str:
    return f"{issue}_{entry.entry_id}"
