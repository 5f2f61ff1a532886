"""OpenID Connect: authorization code with PKCE, state and nonce, against the one provider that the settings name.

The provider's description and keys are read when first needed, kept for an hour, and read again at once when a token names a
key that is not known, but not more often than every `REFRESH_S` seconds. `joserfc` is loaded with the first sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from content.services.accounts.identities import Claims
from portal.settings import Settings

ALGORITHMS: Final = ("RS256", "ES256", "PS256")
"""Signatures with a public key only: „none“ and shared secrets are never taken."""
KEPT_S: Final = 3600.0
REFRESH_S: Final = 10.0
TIMEOUT_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 1_000_000
LEEWAY_S: Final = 60
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderFailed(Exception):  # noqa: N818 - named for the situation
    """The provider does not answer, or not as the standard says; the message is for the log."""


class TokenRefused(Exception):  # noqa: N818 - named for the situation
    """The token does not prove what it should; the message is for the log."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A provider answers where it says it does."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Provider:
    """The provider of the settings, with its description and keys as last read. Safe for many threads."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._open = urllib.request.build_opener(_NoRedirects).open
        self._described: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back to."""
        return f"{self._settings.base_url}/anmelden/dienst/zurueck"

    def start_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where a person signs in. Raises `ProviderFailed`."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = self._endpoint("authorization_endpoint")
        return address + ("&" if "?" in address else "?") + urlencode(query)

    def redeem(self, *, code: str, verifier: str, nonce: str) -> Claims:
        """Change a code for what the provider says of the person. Raises `ProviderFailed`, `TokenRefused`."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._settings.oidc_client_secret:
            pair = f"{quote_plus(self._settings.oidc_client_id)}:{quote_plus(self._settings.oidc_client_secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form["client_id"] = self._settings.oidc_client_id
        answer = self._json(urllib.request.Request(self._endpoint("token_endpoint"), urlencode(form).encode(), headers))  # noqa: S310 - checked
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed("the answer holds no id_token")
        return self._claims(self._verified(token, nonce))

    def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        from joserfc import errors, jwk, jwt  # noqa: PLC0415 - most processes never need it

        try:
            key_id = json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==")).get("kid")
        except (ValueError, AttributeError, RecursionError) as error:
            raise TokenRefused("not a token") from error
        keys = self._known_keys(key_id)
        try:
            claims = jwt.decode(token, jwk.KeySet.import_key_set(keys), algorithms=list(ALGORITHMS)).claims
            registry = jwt.JWTClaimsRegistry(
                leeway=LEEWAY_S,
                iss={"essential": True, "value": self._settings.oidc_issuer},
                aud={"essential": True, "value": self._settings.oidc_client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            registry.validate(claims)
        except (errors.JoseError, ValueError, TypeError, KeyError) as error:
            raise TokenRefused(f"{type(error).__name__}: {error}") from error
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._settings.oidc_client_id:
            raise TokenRefused("azp: the token was made for somebody else")
        return dict(claims)

    def _claims(self, claims: Mapping[str, Any]) -> Claims:
        groups = claims.get(self._settings.oidc_roles_claim, ())
        held = (
            {groups}
            if isinstance(groups, str)
            else {str(group) for group in groups}
            if isinstance(groups, list)
            else set()
        )
        return Claims(
            issuer=self._settings.oidc_issuer,
            subject=str(claims["sub"])[:255],
            login=str(claims.get(self._settings.oidc_login_claim) or "").strip().lower(),
            name=str(claims.get("name") or ""),
            email=str(claims.get("email") or "") if claims.get("email_verified", True) is True else "",
            roles=frozenset(
                (role, organisation) for group, role, organisation in self._settings.oidc_roles if group in held
            ),
        )

    def _endpoint(self, name: str) -> str:
        address = self._description().get(name)
        if not isinstance(address, str) or not is_safe(address):
            raise ProviderFailed(f"{name} is missing or not https")
        return address

    def _description(self) -> dict[str, Any]:
        with self._lock:
            if self._described is None or self._clock() - self._described[0] > KEPT_S:
                found = self._get(self._settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration")
                if found.get("issuer") != self._settings.oidc_issuer:
                    raise ProviderFailed(f"the provider calls itself {found.get('issuer')!r}")
                self._described = (self._clock(), found)
            return self._described[1]

    def _known_keys(self, key_id: object) -> Any:
        address = self._endpoint("jwks_uri")
        with self._lock:
            age = self._clock() - self._keys[0] if self._keys else KEPT_S + 1
            known = {row.get("kid") for row in self._keys[1].get("keys", ())} if self._keys else set()
            if self._keys is None or age > KEPT_S or (key_id not in known and age > REFRESH_S):
                found = self._get(address)
                if not isinstance(found.get("keys"), list):
                    raise ProviderFailed("the provider shows no keys")
                usable = [
                    row
                    for row in found["keys"]
                    if isinstance(row, dict) and row.get("use", "sig") == "sig" and row.get("kty") in {"RSA", "EC"}
                ]
                self._keys = (self._clock(), {"keys": usable})
            return self._keys[1]

    def _get(self, address: str) -> dict[str, Any]:
        return self._json(urllib.request.Request(address, headers={"Accept": "application/json"}))  # noqa: S310 - checked when set

    def _json(self, request: urllib.request.Request) -> dict[str, Any]:
        try:
            with self._open(request, timeout=TIMEOUT_S) as answer:
                body = answer.read(MAX_ANSWER_BYTES + 1)
            found = json.loads(body) if len(body) <= MAX_ANSWER_BYTES else None
        except urllib.error.HTTPError as error:
            with error:
                raise ProviderFailed(f"{request.full_url} answers {error.code}") from error
        except (OSError, ValueError, RecursionError) as error:
            raise ProviderFailed(f"{request.full_url}: {error}") from error
        if not isinstance(found, dict):
            raise ProviderFailed(f"{request.full_url} answers something else than an object")
        return found


def is_safe(address: str) -> bool:
    """Whether an address is spoken to: https, or a provider on this very machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL))
