"""The emulator's access control: keys, tokens, Microsoft Entra, and limits."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.emulator import (
    S0_KEY,
    Credential,
    Emulator,
    Endpoint,
    EntraApplication,
    EntraHosts,
    silence,
    speak,
    wav_header,
)
from tests.emulator.caller import (
    RECOGNITION_PATH,
    TOKEN_PATH,
    Caller,
    Reply,
    bearer,
    calling,
    stream,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

KEY_HEADER = "Ocp-Apim-Subscription-Key"
SPEECH_HOST = "westus.stt.speech.microsoft.com"
TOKEN_HOST = "westus.api.cognitive.microsoft.com"
CUSTOM_HOST = "home.cognitiveservices.azure.com"


# Keys.


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        ({KEY_HEADER: "0" * 32}, 401),
        (bearer("nonsense"), 401),
        (bearer("aad#resource#nonsense"), 401),
        (bearer(""), 401),
        ({"Authorization": "Basic abc"}, 403),
        ({KEY_HEADER: ""}, 403),
        ({}, 403),
    ],
)
async def test_refuses_before_any_audio(credentials: dict[str, str], status: int) -> None:
    """401 for a wrong key or token, 403 for none: without `100 Continue`, so without audio."""
    sent: list[int] = []
    async with calling() as caller:
        upload = stream(wav_header() + speak("on"), sent=sent)
        reply = await caller.with_credentials(credentials).recognize(upload, expect=True)
    assert reply.status == status
    assert reply.content["error"]["code"] == str(status)
    assert sent == []
    assert caller.emulator.requests[0].credential is None


async def test_without_expect_the_upload_is_refused_all_the_same() -> None:
    """A client that doesn't wait gets its 401 as well."""
    async with calling() as caller:
        upload = stream(wav_header() + silence(30))
        reply = await caller.with_credentials({KEY_HEADER: "0" * 32}).recognize(upload)
    assert reply.status == 401
    assert caller.emulator.requests[0].body_bytes == 0


async def test_a_key_belongs_to_its_region() -> None:
    """In another region it is wrong; on the resource's own domain it is right."""
    async with calling(Emulator(key_regions={S0_KEY: "westus"})) as caller:

        async def status(host: str | None, path: str) -> int:
            return (await caller.recognize(speak("on"), host=host, path=path)).status

        assert await status(SPEECH_HOST, RECOGNITION_PATH) == 200
        assert await status("eastus.stt.speech.microsoft.com", RECOGNITION_PATH) == 401
        assert await status(CUSTOM_HOST, f"/stt{RECOGNITION_PATH}") == 200
        elsewhere = await caller.post(
            TOKEN_PATH, host="eastus.api.cognitive.microsoft.com", headers=caller.credentials
        )
        assert elsewhere.status == 401


# Tokens.


async def test_a_token_looks_like_one() -> None:
    """Three parts in base64, as plain text."""
    async with calling() as caller:
        reply = await caller.post(TOKEN_PATH, headers=caller.credentials)
    assert reply.status == 200
    assert [len(part) > 20 for part in reply.text.split(".")] == [True] * 3
    assert len(caller.emulator.requests_for(Endpoint.TOKEN)) == 1


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({KEY_HEADER: "0" * 32}, b"", 401),
        ({}, b"", 401),
        ({KEY_HEADER: S0_KEY}, b"grant", 400),
        ({KEY_HEADER: S0_KEY}, None, 411),
    ],
)
async def test_refuses_tokens(headers: dict[str, str], data: bytes | None, status: int) -> None:
    """A right key and an empty body of known length are needed."""
    async with calling() as caller:
        reply = await caller.post(
            TOKEN_PATH, headers=headers, data=stream(b"") if data is None else data
        )
    assert reply.status == status


@pytest.mark.parametrize(
    ("token_host", "host", "path"),
    [
        (TOKEN_HOST, CUSTOM_HOST, f"/stt{RECOGNITION_PATH}"),
        (TOKEN_HOST, "eastus.stt.speech.microsoft.com", RECOGNITION_PATH),
        (CUSTOM_HOST, SPEECH_HOST, RECOGNITION_PATH),
    ],
)
async def test_a_token_is_good_only_where_it_is_from(token_host: str, host: str, path: str) -> None:
    """Elsewhere it is refused, where the key alone is taken."""
    async with calling() as caller:
        token = await caller.fetch_token(host=token_host)
        reply = await caller.with_credentials(bearer(token)).recognize(
            speak("on"), host=host, path=path
        )
        assert reply.status == 401
        assert (await caller.recognize(speak("on"), host=host, path=path)).status == 200


def claims(token: str) -> Any:  # noqa: ANN401
    """Read a token's payload."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def test_a_token_names_its_region() -> None:
    """A region's own; and a custom domain's, whose token is good at that region's host."""
    async with calling(Emulator(token_region="westus")) as caller:
        regional = await caller.fetch_token(host=TOKEN_HOST)
        custom = await caller.fetch_token(host=CUSTOM_HOST)
        reply = await caller.with_credentials(bearer(custom)).recognize(
            speak("on"), host=SPEECH_HOST, path=RECOGNITION_PATH
        )
        caller.emulator.token_region = None
        silent = await caller.fetch_token(host=CUSTOM_HOST)
    assert (claims(regional)["region"], claims(custom)["region"]) == ("westus", "westus")
    assert reply.status == 200
    assert "region" not in claims(silent)


async def test_a_token_lives_ten_minutes() -> None:
    """By the settings' clock, which a test can put forward; then 401 without a body."""
    now = 0.0
    async with calling(Emulator(clock=lambda: now)) as caller:
        holder = caller.with_credentials(bearer(await caller.fetch_token()))
        now = 599.0
        assert (await holder.recognize(speak("on"))).status == 200
        now = 600.0
        late = await holder.recognize(speak("on"))
    assert (late.status, late.text) == (401, "")


async def test_tokens_can_be_expired() -> None:
    """All at once, while new ones are good."""
    async with calling() as caller:
        old = await caller.fetch_token()
        caller.emulator.expire_tokens()
        new = await caller.fetch_token()
        assert (await caller.with_credentials(bearer(old)).recognize(speak("on"))).status == 401
        assert (await caller.with_credentials(bearer(new)).recognize(speak("on"))).status == 200


async def test_a_deleted_key_takes_its_tokens_with_it() -> None:
    """A key that is regenerated makes them bad."""
    async with calling() as caller:
        holder = caller.with_credentials(bearer(await caller.fetch_token()))
        del caller.emulator.keys[S0_KEY]
        assert (await holder.recognize(speak("on"))).status == 401


@pytest.mark.parametrize("bare", [True, False])
async def test_a_revoked_key(bare: bool) -> None:  # noqa: FBT001
    """IssueToken gives the reason; recognition does or doesn't."""
    async with calling(Emulator(bare_revocation=bare)) as caller:
        holder = caller.with_credentials(bearer(await caller.fetch_token()))
        caller.emulator.revoked_keys.add(S0_KEY)
        issued = await caller.post(TOKEN_PATH, headers=caller.credentials)
        replies = [await user.recognize(speak("on")) for user in (caller, holder)]
    assert (issued.status, issued.content["error"]["code"]) == (401, "401")
    assert [(reply.status, reply.text == "") for reply in replies] == [(401, bare)] * 2


# Microsoft Entra.

APPLICATION = EntraApplication()
FORM = {
    "grant_type": "client_credentials",
    "client_id": APPLICATION.client_id,
    "client_secret": APPLICATION.client_secret,
    "scope": "https://cognitiveservices.azure.com/.default",
}


async def log_in(
    caller: Caller,
    form: dict[str, str],
    *,
    host: str | None = None,
    tenant: str = APPLICATION.tenant_id,
) -> Reply:
    """Ask Microsoft Entra for a token."""
    return await caller.post(
        f"/{tenant}/oauth2/v2.0/token",
        host=host,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        data=urlencode(form),
    )


@pytest.mark.parametrize(
    ("login_host", "host"),
    [
        (None, None),
        ("login.microsoftonline.com", "home.cognitiveservices.azure.com"),
        ("login.microsoftonline.us", "home.cognitiveservices.azure.us"),
        ("login.partner.microsoftonline.cn", "home.cognitiveservices.azure.cn"),
    ],
)
async def test_entra(login_host: str | None, host: str | None) -> None:
    """The token, joined to the resource's id, is taken by the resource's own domain."""
    cloud = "com" if host is None else host.rpartition(".")[2]
    form = FORM | {"scope": f"https://cognitiveservices.azure.{cloud}/.default"}
    async with calling() as caller:
        answer = (await log_in(caller, form, host=login_host)).content
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
        token = answer["access_token"]
        holder = caller.with_credentials(bearer(f"aad#{APPLICATION.resource_id}#{token}"))
        assert (await holder.recognize(speak("on"), host=host)).status == 200
        other = caller.with_credentials(bearer(f"aad#/other#{token}"))
        assert (await other.recognize(speak("on"), host=host)).status == 401
        plain = caller.with_credentials(bearer(token))
        assert (await plain.recognize(speak("on"), host=host)).status == 401
    record = caller.emulator.requests_for(Endpoint.RECOGNITION)[0]
    assert record.credential is Credential.ENTRA
    assert len(caller.emulator.requests_for(Endpoint.ENTRA)) == 1


@pytest.mark.parametrize(
    ("hosts", "custom", "region"),
    [(EntraHosts.CUSTOM, 200, 401), (EntraHosts.REGION, 401, 200), (EntraHosts.BOTH, 200, 200)],
)
async def test_which_hosts_take_entra(hosts: EntraHosts, custom: int, region: int) -> None:
    """Microsoft's sample asks the region's host, although the resource needs a custom domain."""
    async with calling(Emulator(entra_hosts=hosts)) as caller:
        token = (await log_in(caller, FORM)).content["access_token"]
        holder = caller.with_credentials(bearer(f"aad#{APPLICATION.resource_id}#{token}"))
        own = await holder.recognize(speak("on"), host=CUSTOM_HOST)
        regional = await holder.recognize(speak("on"), host=SPEECH_HOST, path=RECOGNITION_PATH)
    assert (own.status, regional.status) == (custom, region)


async def test_a_token_for_a_key_is_none_of_entra() -> None:
    """Joined to the resource's id it is still refused."""
    async with calling() as caller:
        token = await caller.fetch_token()
        holder = caller.with_credentials(bearer(f"aad#{APPLICATION.resource_id}#{token}"))
        assert (await holder.recognize(speak("on"))).status == 401


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_id": "other"}, 400, "unauthorized_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_scope"),
    ],
)
async def test_entra_refuses(changes: dict[str, str], status: int, error: str) -> None:
    """With the errors of OAuth 2.0."""
    async with calling() as caller:
        reply = await log_in(caller, FORM | changes)
    assert (reply.status, reply.content["error"]) == (status, error)


async def test_entra_refuses_other_tenants_and_clouds() -> None:
    """A tenant that doesn't exist; a scope of another cloud than the login's."""
    async with calling() as caller:
        tenant = await log_in(caller, FORM, tenant="contoso")
        cloud = await log_in(caller, FORM, host="login.microsoftonline.us")
    assert (tenant.status, cloud.status) == (400, 400)
