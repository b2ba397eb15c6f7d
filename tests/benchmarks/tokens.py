"""The tokens of contenders that don't fetch their own."""

from aiohttp import ClientSession

from custom_components.azure_stt.azure_speech import Endpoint
from tests.emulator import S0_KEY


async def fetch_token(session: ClientSession, address: str) -> str:
    """Exchange the key for a token at a service's address."""
    url = Endpoint.from_address(address).token_url
    headers = {"Ocp-Apim-Subscription-Key": S0_KEY}
    async with session.post(url, headers=headers, raise_for_status=True) as response:
        return await response.text()
