"""An authenticator in software: it makes a passkey as a browser does, for tests without one."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT_VERIFIED_WITH_KEY = 0x45


def made_passkey(options, origin):
    """What a browser at `origin` answers to the question `options` for a new passkey."""
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
    credential = secrets.token_bytes(16)
    about = hashlib.sha256(options["rp"]["id"].encode()).digest() + bytes([USER_PRESENT_VERIFIED_WITH_KEY]) + bytes(4)
    data = about + bytes(16) + len(credential).to_bytes(2, "big") + credential + key
    client = {"type": "webauthn.create", "challenge": options["challenge"], "origin": origin, "crossOrigin": False}
    return json.dumps(
        {
            "id": _text(credential),
            "rawId": _text(credential),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": _text(json.dumps(client).encode()),
                "transports": ["internal"],
                "attestationObject": _text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            },
        }
    )


def _text(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
