"""Certificates for services over TLS. The script makes clients trust them."""

from pathlib import Path
from typing import Final

from tests.support.azure import make_certificates

FOLDER: Final = Path(".dev/bench/certificates")
SERVER: Final = FOLDER / "server.pem"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    make_certificates(FOLDER)
