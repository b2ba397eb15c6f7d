"""Where a resource answers, and that nothing typed into a form leads anywhere else."""

import re
from typing import Final
from unicodedata import category

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.azure_stt.azure_speech import (
    AuthenticationError,
    Cloud,
    Endpoint,
    InvalidEndpointError,
    RecognitionOptions,
    ResponseError,
    SpeechClient,
)
from custom_components.azure_stt.azure_speech.regions import (
    CHINA_REGIONS,
    PUBLIC_REGIONS,
    US_GOVERNMENT_REGIONS,
)
from tests.emulator import Emulator, Endpoint as Service

from .helpers import RECOGNITION_PATH, SPOKEN

TOKEN_PATH: Final = "/sts/v1.0/issueToken"
DOMAINS: Final = {
    Cloud.PUBLIC: ("stt.speech.microsoft.com", "api.cognitive.microsoft.com"),
    Cloud.US_GOVERNMENT: ("stt.speech.azure.us", "api.cognitive.microsoft.us"),
    Cloud.CHINA: ("stt.speech.azure.cn", "api.cognitive.azure.cn"),
}
REGIONS: Final = {
    **dict.fromkeys(PUBLIC_REGIONS, Cloud.PUBLIC),
    **dict.fromkeys(US_GOVERNMENT_REGIONS, Cloud.US_GOVERNMENT),
    **dict.fromkeys(CHINA_REGIONS, Cloud.CHINA),
}
CUSTOM: Final = "name.cognitiveservices.azure"
TENANT: Final = "11111111-2222-3333-4444-555555555555"

# The parts of addresses and regions, and characters that break parsers.
PIECES: Final = st.one_of(
    st.sampled_from(
        (
            *("http://", "https://", "HTTP:", "//", "@", ":", "/", "?", "#", "\\", "[", "]", "%"),
            *("%00", "\n", "\t", "\r", " ", ".", "-", "_", "xn--", "XN--", "9", "443", "65536"),
            *("localhost", "127.0.0.1", "10.0.0.1", "8.8.8.8", "[::1]", "fe80::1%1"),
            *("westeurope", "name", ".cognitiveservices.azure.com", ".stt.speech.microsoft.com"),
            *(".api.cognitive.azure.cn", "a" * 64, "ß", "ﬁ", "。", "\uff41", "\u0441"),
            *("\u200b", "\ud800", "\u212a", "\U0001d7cf"),
        )
    ),
    st.characters(),
)
TEXTS: Final = st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join))


def visible(text: str) -> str:
    """Return a text without invisible marks, which are often pasted with it."""
    return "".join(char for char in text if category(char) != "Cf")


@pytest.mark.parametrize(("region", "cloud"), REGIONS.items())
def test_region(region: str, cloud: Cloud) -> None:
    """A region has one host for speech and another for tokens, in its cloud's domains."""
    speech, token = DOMAINS[cloud]
    endpoint = Endpoint.from_region(region, cloud)
    assert str(endpoint.recognition_url) == f"https://{region}.{speech}{RECOGNITION_PATH}"
    assert str(endpoint.token_url) == f"https://{region}.{token}{TOKEN_PATH}"
    assert endpoint.cloud is cloud
    assert endpoint.host == f"{region}.{speech}"


@pytest.mark.parametrize("region", ["West Europe", " westeurope\n", "WESTEUROPE", "West\tEurope"])
def test_region_as_the_portal_shows_it(region: str) -> None:
    """Capitals and spaces make no difference."""
    assert Endpoint.from_region(region) == Endpoint.from_region("westeurope")


@pytest.mark.parametrize(
    "pasted",
    [
        *("(Europe) West Europe", '"westeurope"', "west\N{ZERO WIDTH SPACE}europe"),
        "https://westeurope.api.cognitive.microsoft.com/sts/v1.0/issuetoken",
        "https://westeurope.stt.speech.microsoft.com/speech/recognition/conversation?language=en",
        "wss://westeurope.stt.speech.microsoft.com",
        *("westeurope.tts.speech.microsoft.com", "westeurope.api.cognitive.microsoft.com"),
    ],
)
def test_region_as_people_paste_it(pasted: str) -> None:
    """The portal's name and any address of the region are the region."""
    assert Endpoint.from_region(pasted) == Endpoint.from_region("westeurope")


@pytest.mark.parametrize(
    ("pasted", "endpoint"),
    [
        ("https://westus.api.cognitive.microsoft.com/sts/v1.0/issuetoken", ""),
        ("wss://westus.stt.speech.microsoft.com/speech/universal/v2", ""),
        ("'https://westus.tts.speech.microsoft.com/cognitiveservices/v1'", ""),
        ("\N{ZERO WIDTH NO-BREAK SPACE}westus.stt.speech.microsoft.com", ""),
        (f"https://{CUSTOM}.com/sts/v1.0/issuetoken", CUSTOM),
        (f'"{CUSTOM}.com/stt/speech?language=en-US#top"', CUSTOM),
        ("https://name.services.ai.azure.com/api/projects/home", "name.cognitiveservices.azure"),
        ("name.openai.azure.com", "name.cognitiveservices.azure"),
    ],
    ids=ascii,
)
def test_address_as_people_paste_it(pasted: str, endpoint: str) -> None:
    """On Azure's own domains the host says everything."""
    expected = Endpoint.from_address(f"{endpoint}.com") if endpoint else None
    assert Endpoint.from_address(pasted) == (expected or Endpoint.from_region("westus"))


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("https://westus.stt.speech.microsoft.com/stt/elsewhere?a=b", True),
        ("https://westus.stt.speech.azure.us/", False),
        ("http://westus.stt.speech.microsoft.com/", False),
        ("https://westus.stt.speech.microsoft.com:8443/", False),
        ("https://user@westus.stt.speech.microsoft.com/", False),
        ("https://westus.stt.speech.microsoft.com.evil.com/", False),
        ("https://evilstt.speech.microsoft.com/", False),
        ("https://stt.speech.microsoft.com/", False),
        ("/elsewhere", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_redirects(location: str, *, followed: bool) -> None:
    """Only speech hosts of the same cloud are followed, by https, query included."""
    url = Endpoint.from_address(f"https://{CUSTOM}.com").follow(location)
    assert str(url) == (location if followed else "None")


@pytest.mark.parametrize(
    "region",
    [
        *("", " ", "a", "1westeurope", "west-europe", "west_europe", "west.europe", "a" * 41),
        *("westeurope.evil.com", "evil.com/", "evil.com#", "evil.com?", "evil.com\\", "evil.com:1"),
        *("user@evil.com", "https://westeurope", "//evil", "west\x00europe", "west%2eeurope"),
        *("w\u0435steurope", "\uff57esteurope", "westeurope。evil", "x\rHost: y", "\ud800"),
        "a" * 100_000,
    ],
    ids=ascii,
)
def test_region_that_cannot_be_one(region: str) -> None:
    """Nothing but a word is taken for a region."""
    with pytest.raises(InvalidEndpointError) as info:
        Endpoint.from_region(region)
    assert not info.value.retryable


@pytest.mark.parametrize(
    ("address", "origin", "cloud"),
    [
        (f"https://{CUSTOM}.com/", f"https://{CUSTOM}.com", Cloud.PUBLIC),
        (f"{CUSTOM}.com", f"https://{CUSTOM}.com", Cloud.PUBLIC),
        (f" {CUSTOM}.com\n", f"https://{CUSTOM}.com", Cloud.PUBLIC),
        ("HTTPS://Name.CognitiveServices.Azure.com", f"https://{CUSTOM}.com", Cloud.PUBLIC),
        (f" https://{CUSTOM}.us\n", f"https://{CUSTOM}.us", Cloud.US_GOVERNMENT),
        (f"https://{CUSTOM}.cn", f"https://{CUSTOM}.cn", Cloud.CHINA),
        ("https://in.example.net:8443", "https://in.example.net:8443", Cloud.PUBLIC),
        ("nostt.speech.azure.us", "https://nostt.speech.azure.us", Cloud.PUBLIC),
        ("nocognitiveservices.azure.us", "https://nocognitiveservices.azure.us", Cloud.PUBLIC),
        ("https://8.8.8.8", "https://8.8.8.8", Cloud.PUBLIC),
        ("http://localhost:5000", "http://localhost:5000", Cloud.PUBLIC),
        ("http://127.0.0.1:8765/", "http://127.0.0.1:8765", Cloud.PUBLIC),
        ("http://[::1]:5000", "http://[::1]:5000", Cloud.PUBLIC),
        ("http://192.168.1.5", "http://192.168.1.5", Cloud.PUBLIC),
        ("http://10.0.0.7", "http://10.0.0.7", Cloud.PUBLIC),
        ("http://[fd00::7]", "http://[fd00::7]", Cloud.PUBLIC),
    ],
    ids=ascii,
)  # fmt: skip
def test_address(address: str, origin: str, cloud: Cloud) -> None:
    """A host of one's own serves both, and its speech's path begins with /stt."""
    endpoint = Endpoint.from_address(address)
    assert str(endpoint.recognition_url) == f"{origin}/stt{RECOGNITION_PATH}"
    assert str(endpoint.token_url) == f"{origin}{TOKEN_PATH}"
    assert endpoint.cloud is cloud


@pytest.mark.parametrize("cloud", Cloud)
@pytest.mark.parametrize("which", [0, 1], ids=["speech", "token"])
@pytest.mark.parametrize("form", ["https://{}/", "{}", "https://{}:8443"])
def test_address_of_a_region(cloud: Cloud, which: int, form: str) -> None:
    """Either of a region's hosts, typed as a custom endpoint, gives the region's endpoint."""
    endpoint = Endpoint.from_address(form.format(f"westus2.{DOMAINS[cloud][which]}"))
    assert endpoint == Endpoint.from_region("westus2", cloud)


@pytest.mark.parametrize(
    "address",
    [
        *("", " ", "https://", "https:///", "//", "https://[", "https://[::1", "XN--", "[]@"),
        *("http://name.cognitiveservices.azure.com", "http://8.8.8.8", "http://localhost.evil.com"),
        *("http://127.1", "http://0x7f000001", "http://[2001:4860:4860::8888]", "ftp://localhost"),
        *("file:///etc/passwd", "javascript://localhost", "ws://localhost", "https:name"),
        *("https://a.com/path", "https://a.com//", "https://a.com/?a=b", "https://a.com?a=b"),
        *("https://a.com#fragment", "https://user@a.com", "https://user:key@a.com"),
        "https://:key@a.com",
        *("https://name.cognitiveservices.azure.com@evil.com", "https://good.com\\@evil.com"),
        *("https://evil.com\\.cognitiveservices.azure.com", "https://a.com:443@evil.com"),
        *("https://a.com:65536", "https://a.com:-1", "https://a.com:x", "https://a.com:443:443"),
        *("https://a b.com", "https://a.com\x00.evil.com", "https://a.com%00", "https://a%2ecom"),
        *("https://-a.com", "https://a-.com", "https://a..com", "https://.a.com", "https://a.com."),
        *("https://a_b.com", "https://" + "a" * 64 + ".com", "https://" + "a" * 100_000),
        *("https://n\u0430me.cognitiveservices.azure.com", "https://name.cognitiveservi\u0441es.azure.com"),
        *("https://name。cognitiveservices.azure.com", "https://\uff4eame.azure.com", "https://ﬁ.com"),
        *("https://a.com\r\u200bX-Evil: 1", "https://\ud800.com", "https://bücher.example"),
        *("https://a.b.stt.speech.microsoft.com", "https://.stt.speech.microsoft.com"),
    ],
    ids=lambda address: ascii(address)[:60],
)  # fmt: skip
def test_address_that_is_more_or_less_than_a_host(address: str) -> None:
    """Any text that isn't plainly one host, or would send the key in the clear, is refused."""
    with pytest.raises(InvalidEndpointError) as info:
        Endpoint.from_address(address)
    assert not info.value.retryable


@settings(deadline=None)
@given(TEXTS, st.sampled_from(Cloud))
@example("\u212aestus", Cloud.PUBLIC)
@example("A0\u200b", Cloud.PUBLIC)
def test_any_region_stays_in_its_cloud(text: str, cloud: Cloud) -> None:
    """Any text is refused, or names a host below the cloud's domain, with the exact path."""
    try:
        endpoint = Endpoint.from_region(text, cloud)
    except InvalidEndpointError:
        return
    name = "".join(visible(text).split()).lower()
    for url, domain, path in (
        (endpoint.recognition_url, DOMAINS[cloud][0], RECOGNITION_PATH),
        (endpoint.token_url, DOMAINS[cloud][1], TOKEN_PATH),
    ):
        assert re.fullmatch(r"[a-z0-9]+", name)
        assert str(url) == f"https://{name}.{domain}{path}"


@settings(deadline=None, max_examples=300)
@given(TEXTS)
@example("XN--")
@example("https://westeurope.stt.speech.microsoft.com")
@example("http://127.0.0.1:0")
@example("HTTPS://0: 0")
@example("0'")
@example("0\u200b")
def test_any_address_leads_to_its_own_host(text: str) -> None:
    """Any text is refused, or is just a host, with a scheme and a port at most: that one."""
    try:
        endpoint = Endpoint.from_address(text)
    except InvalidEndpointError:
        return
    # A browser drops these, too; quotes and invisible marks are pasted with an address.
    dropped = "".join(map(chr, range(33))) + "\"'<>“”"
    plain = re.sub(r"[\t\r\n]", "", visible(text).strip()).strip(dropped)
    parts = re.fullmatch(
        r"(?:(https?)://)?@?([a-z0-9.-]+|\[[0-9a-f:.%]+\])(?::([\s\d_+]*))?(?:/[^?#]*)?[?]?#?",
        plain.lower(),
    )
    assert parts, ascii(text)
    scheme, host, port = parts.groups()
    for url, path in (
        (endpoint.recognition_url, f"/stt{RECOGNITION_PATH}"),
        (endpoint.token_url, TOKEN_PATH),
    ):
        if host.endswith(tuple(f".{domain}" for pair in DOMAINS.values() for domain in pair)):
            assert endpoint == Endpoint.from_region(host.partition(".")[0], endpoint.cloud)
        else:
            assert (url.scheme, url.path_qs) == (scheme or "https", path)
            assert url.host_subcomponent == host or ":" in host
            assert url.port == (int(port) if port else {"http": 80}.get(url.scheme, 443))
        assert (url.user, url.password, url.fragment) == (None, None, "")


@pytest.mark.parametrize(
    ("cloud", "host", "scope"),
    [
        (Cloud.PUBLIC, "login.microsoftonline.com", "https://cognitiveservices.azure.com/.default"),
        (Cloud.US_GOVERNMENT, "login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
        (Cloud.CHINA, "login.partner.microsoftonline.cn", "https://cognitiveservices.azure.cn/.default"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tenant", [TENANT, " Contoso.OnMicrosoft.com\n"])
def test_entra(cloud: Cloud, host: str, scope: str, tenant: str) -> None:
    """Each cloud has a Microsoft Entra of its own."""
    expected = f"https://{host}/{tenant.strip().lower()}/oauth2/v2.0/token"
    assert str(cloud.entra_token_url(tenant)) == expected
    assert cloud.entra_scope == scope


@pytest.mark.parametrize(
    "tenant",
    [
        *("", " ", ".", "..", "a/b", "a/../b", "a?b", "a#b", "a\\b", "a:80", "a@b", "a b", "a%2fb"),
        *("a\r\nHost: evil", "t\u0435nant", "\ud800", "a..b"),
    ],
    ids=ascii,
)
def test_tenant_that_cannot_be_one(tenant: str) -> None:
    """A tenant can't lead to another path of Microsoft Entra."""
    with pytest.raises(AuthenticationError) as info:
        Cloud.PUBLIC.entra_token_url(tenant)
    assert info.value.status == 400
    assert not info.value.retryable


@pytest.mark.parametrize(
    "text",
    [
        *("en-US&profanity=raw", "en-US&cid=1", "en-US#", "en-US;format=simple", "en-US?a=b"),
        *("en-US\r\nX-Evil: 1", "../../../x", "en%26profanity%3Draw", "en-US profanity=raw", "ñ"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("where", ["language", "cid"])
async def test_smuggles_no_query(
    emulator: Emulator, client: SpeechClient, text: str, where: str
) -> None:
    """A hostile language or endpoint id arrives as just that, along with the other parameters."""
    options = (
        RecognitionOptions(language=text)
        if where == "language"
        else RecognitionOptions(language="en-US", endpoint_id=text)
    )
    with pytest.raises(ResponseError) as info:
        await client.recognize(SPOKEN, options)
    assert info.value.status == 400
    [record] = emulator.requests_for(Service.RECOGNITION)
    expected = {"language": "en-US", "format": "detailed", "profanity": "masked", where: text}
    assert record.query == expected | {"X-ConnectionId": info.value.connection_id}
    assert record.path == f"/stt{RECOGNITION_PATH}"
    assert "X-Evil" not in record.headers
