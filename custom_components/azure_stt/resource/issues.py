"""Repair notices about a resource or one of its recognizers. They go away by themselves."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import CONF_TIER, DOMAIN, Tier
from .monthly_limit import MonthlyLimit
from .usage import FREE_SECONDS, SIGNAL_USAGE, Usage


class Issue(StrEnum):
    """The kinds of notices; their texts are in the translations."""

    QUOTA_EXCEEDED = "quota_exceeded"
    ENDPOINT_REFUSED = "endpoint_refused"
    UNREACHABLE = "unreachable"
    NETWORK_RULES = "network_rules"
    OTHER_HOST = "other_host"
    SECOND_ENTRY_MISSING = "second_entry_missing"
    FALLBACK_MISSING = "fallback_missing"
    FREE_HOURS_LOW = "free_hours_low"
    FREE_HOURS_USED = "free_hours_used"
    MONTHLY_LIMIT_NEAR = "monthly_limit_near"
    MONTHLY_LIMIT_REACHED = "monthly_limit_reached"
    SLOW_UPLOAD = "slow_upload"


# The shares of the free hours, and of the user's own limit, from which a notice is shown.
_FREE_HOURS: Final = {Issue.FREE_HOURS_USED: 1.0, Issue.FREE_HOURS_LOW: 0.8}
_MONTHLY_LIMIT: Final = {Issue.MONTHLY_LIMIT_REACHED: 1.0, Issue.MONTHLY_LIMIT_NEAR: 0.8}

_FIXABLE: Final = {Issue.OTHER_HOST, Issue.MONTHLY_LIMIT_REACHED}

# Speech is recognized all the same.
_WARNINGS: Final = {*_FREE_HOURS, Issue.MONTHLY_LIMIT_NEAR, Issue.SLOW_UPLOAD}


@callback
def async_create_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    issue: Issue,
    recognizer: ConfigSubentry | None = None,
    placeholders: Mapping[str, str] | None = None,
) -> None:
    """Show a notice about an entry or a recognizer, once.

    Those about a recognizer can be fixed in its options. The placeholders are the text's, without
    the name.
    """
    about = recognizer or entry
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, issue, recognizer),
        data={
            "issue": issue,
            "entry_id": entry.entry_id,
            "recognizer_id": recognizer.subentry_id if recognizer else None,
        },
        is_fixable=recognizer is not None or issue in _FIXABLE,
        severity=ir.IssueSeverity.WARNING if issue in _WARNINGS else ir.IssueSeverity.ERROR,
        translation_key=issue,
        translation_placeholders={"name": about.title, **(placeholders or {})},
    )


@callback
def async_delete_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    issue: Issue,
    recognizer: ConfigSubentry | None = None,
) -> None:
    """Delete a notice, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, issue, recognizer))


@callback
def async_delete_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all notices about an entry and its recognizers."""
    _delete_issues(hass, entry, lambda _: True)


@callback
def async_delete_issues_of_removed(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the notices about recognizers that an entry no longer has."""
    _delete_issues(hass, entry, lambda each: each is not None and each not in entry.subentries)


def _delete_issues(
    hass: HomeAssistant, entry: ConfigEntry, unwanted: Callable[[str | None], bool]
) -> None:
    for domain, issue_id in list(ir.async_get(hass).issues):
        issue = ir.async_get(hass).issues[domain, issue_id]
        data = issue.data or {}
        if domain == DOMAIN and data.get("entry_id") == entry.entry_id:
            recognizer_id = data["recognizer_id"]
            if unwanted(None if recognizer_id is None else str(recognizer_id)):
                ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_watch_usage(
    hass: HomeAssistant, entry: ConfigEntry, usage: Usage, limit: MonthlyLimit
) -> CALLBACK_TYPE:
    """Show notices about the free tier's hours and about the limit.

    Returns a function that ends that. A notice that is ignored stays ignored until the month's end.
    """

    @callback
    def check() -> None:
        free = usage.seconds_month / FREE_SECONDS if entry.options[CONF_TIER] == Tier.F0 else 0.0
        _show_reached(hass, entry, _FREE_HOURS, free)
        hours = {"hours": f"{limit.hours or 0:g}"}
        _show_reached(hass, entry, _MONTHLY_LIMIT, limit.share(), hours)

    check()
    return async_dispatcher_connect(hass, SIGNAL_USAGE.format(entry.entry_id), check)


def _show_reached(
    hass: HomeAssistant,
    entry: ConfigEntry,
    notices: Mapping[Issue, float],
    share: float,
    placeholders: Mapping[str, str] | None = None,
) -> None:
    """Show the first of the notices whose share is reached, and none of the others."""
    reached = next((issue for issue, least in notices.items() if share >= least), None)
    for issue in notices:
        if issue is reached:
            async_create_issue(hass, entry, issue, placeholders=placeholders)
        else:
            async_delete_issue(hass, entry, issue)


def _issue_id(entry: ConfigEntry, issue: Issue, recognizer: ConfigSubentry | None) -> str:
    return f"{issue}_{recognizer.subentry_id if recognizer else entry.entry_id}"
