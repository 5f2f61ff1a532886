"""A small OpenID Connect provider in a process of its own: discovery, authorize, token, keys; PKCE and single-use codes.

`python -m tests.oidc_provider` prints its issuer. Tests tell it at `/control` who signs in and which fault it has from now on.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlencode, urlsplit

from joserfc import jwk, jwt

CLIENT, SECRET = "portal", "geheim & mehr"


class World:
    """What the provider knows."""

    def __init__(self):
        self.person = {"sub": "1"}
        self.fault = ""
        self.codes = {}
        self.asked = []
        self.keys = {}
        self.rotate()

    def rotate(self):
        name = secrets.token_hex(4)
        self.current = name
        self.keys = {name: jwk.RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}, private=True)}

    def token(self, grant):
        """An ID token, with the fault of the day."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": grant["nonce"], **self.person}
        changes = {
            "nonce": {"nonce": "x"},
            "no nonce": {"nonce": None},
            "audience": {"aud": "somebody"},
            "audiences": {"aud": [CLIENT, "other"], "azp": "other"},
            "issuer": {"iss": "https://boese.example"},
            "expired": {"exp": now - 3600},
            "no expiry": {"exp": None},
            "no subject": {"sub": None},
            "future": {"iat": now + 9999},
        }
        claims = {name: value for name, value in {**claims, **changes.get(self.fault, {})}.items() if value is not None}
        key, header = self.keys[self.current], {"alg": "RS256", "kid": self.current}
        if self.fault == "key":
            key = jwk.RSAKey.generate_key(2048, {"kid": self.current})
        if self.fault == "unknown key":
            key, header = jwk.RSAKey.generate_key(2048, {"kid": "unknown"}), {"alg": "RS256", "kid": "unknown"}
        if self.fault == "shared secret":
            key, header = jwk.OctKey.import_key("x" * 32), {"alg": "HS256", "kid": self.current}
        if self.fault == "unsigned":
            parts = ({"alg": "none", "kid": self.current}, claims)
            return (
                ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
                + "."
            )
        if self.fault == "no token":
            return "nonsense"
        return jwt.encode(header, claims, key)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def say(self, value, status=200, **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        address = urlsplit(self.path)
        WORLD.asked.append(address.path)
        if WORLD.fault == "broken":
            self.say({}, 500)
        elif address.path == "/.well-known/openid-configuration":
            self.say(
                {
                    "issuer": "https://boese.example" if WORLD.fault == "impostor" else ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/keys",
                }
            )
        elif address.path == "/keys":
            self.say({"keys": [key.as_dict(private=False) for key in WORLD.keys.values()]})
        elif address.path == "/authorize":
            asked = dict(parse_qsl(address.query))
            assert (
                asked["client_id"] == CLIENT
                and asked["response_type"] == "code"
                and asked["code_challenge_method"] == "S256"
            )
            code = secrets.token_urlsafe(16)
            WORLD.codes[code] = asked
            answer = (
                {"error": "access_denied", "state": asked["state"]}
                if WORLD.fault == "denied"
                else {"code": code, "state": asked["state"], "iss": ISSUER}
            )
            if WORLD.fault == "mix-up":
                answer["iss"] = "https://boese.example"
            self.say(b"", 302, Location=f"{asked['redirect_uri']}?{urlencode(answer)}")
        elif address.path == "/asked":
            self.say(WORLD.asked)
        else:
            self.say({}, 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/control":
            for name, value in json.loads(body).items():
                WORLD.rotate() if name == "rotate" else setattr(WORLD, name, value)
            self.say({})
            return
        given = {name: values[0] for name, values in parse_qs(body).items()}
        grant = WORLD.codes.pop(given.get("code", ""), None)
        who = base64.b64decode(self.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
            .rstrip(b"=")
            .decode()
        )
        if (
            who != f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}"
            or grant is None
            or grant["code_challenge"] != challenge
            or grant["redirect_uri"] != given["redirect_uri"]
        ):
            self.say({"error": "invalid_grant"}, 400)
        else:
            self.say({"id_token": WORLD.token(grant), "access_token": "x", "token_type": "Bearer"})


if __name__ == "__main__":
    SERVER = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ISSUER = f"http://127.0.0.1:{SERVER.server_address[1]}"
    WORLD = World()
    print(ISSUER, flush=True)
    SERVER.serve_forever()
