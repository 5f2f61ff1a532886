"""Settings: one table; each has a name, an environment variable, a reader, a default and a sentence.

Only this module reads the environment. A value that cannot be read stops the start with a German message naming the
variable, the reason and the remedy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from content.typed.whole import whole
from workflows.rights import misfit
from workflows.vocabulary import ROLES


class SettingError(ValueError):
    """A setting cannot be used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a running portal."""

    host: str
    port: int
    data: Path
    base_url: str
    database_url: str | None
    server: str
    threads: int
    workers: int
    cache_mb: int
    mail_server: str
    mail_from: str
    mail_tls: str
    mail_user: str
    mail_password: str
    clock: bool
    proxies: int
    hosts: tuple[str, ...]
    security_contact: str
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_name: str
    oidc_login_claim: str
    oidc_roles_claim: str
    oidc_roles: tuple[tuple[str, str, str], ...]
    oidc_create: bool

    @property
    def is_secure(self) -> bool:
        """Whether readers come by HTTPS."""
        return self.base_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting."""

    name: str
    variable: str
    read: Callable[[str], Any]
    default: str
    help: str
    is_secret: bool = False
    """Its value holds a password, which no message repeats."""


def _port(text: str) -> int:
    return _whole(text, 1, 65_535)


def _whole(text: str, minimum: int, maximum: int) -> int:
    number = whole(text, least=minimum, most=maximum)
    if number is None:
        raise ValueError(f"erwartet wird eine ganze Zahl von {minimum} bis {maximum}")
    return number


def _server(text: str) -> str:
    if text not in {"granian", "waitress"}:
        raise ValueError("möglich sind granian und waitress")
    return text


def _mail_server(text: str) -> str:
    _, _, port = text.partition(":")
    if port and whole(port, least=1, most=65_535) is None:
        raise ValueError("erwartet wird ein Name, vielleicht mit Port, etwa mail.example:25")
    return text


def _mail_tls(text: str) -> str:
    if text not in {"auto", "starttls", "tls", "aus"}:
        raise ValueError("möglich sind auto, starttls, tls und aus")
    return text


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    is_local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if text and (
        not parts.hostname
        or parts.query
        or parts.fragment
        or not (parts.scheme == "https" or (parts.scheme == "http" and is_local))
    ):
        raise ValueError("erwartet wird eine https-Adresse, etwa https://anmeldung.example/realms/amt")
    return text


def _roles(text: str) -> tuple[tuple[str, str, str], ...]:
    """`gruppe=rolle, gruppe=rolle@organisation` → (group, role, organisation)."""
    found = []
    for part in filter(None, (row.strip() for row in text.split(","))):
        group, equals, given = part.rpartition("=")
        role, _, organisation = given.partition("@")
        if not equals or not group.strip() or role.strip() not in ROLES or not ROLES[role.strip()].is_human:
            known = ", ".join(name for name, row in ROLES.items() if row.is_human)
            raise ValueError(
                f"„{part}“ ist keine Zuordnung; erwartet wird gruppe=rolle oder gruppe=rolle@organisation, Rollen sind: {known}"
            )
        if words := misfit(role.strip(), organisation.strip()):
            raise ValueError(f"„{part}“: {words}")
        found.append((group.strip(), role.strip(), organisation.strip()))
    return tuple(found)


def _switch(text: str) -> bool:
    if text.lower() not in {"an", "aus", "true", "false"}:
        raise ValueError("möglich sind an und aus")
    return text.lower() in {"an", "true"}


def _address(text: str) -> str:
    parts = urlsplit(text)
    has_more = parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or has_more):
        raise ValueError("erwartet wird eine Adresse ohne Pfad, etwa https://beschluesse.example")
    if not text:
        return ""
    # As browsers write it in `Origin`: lower case, umlauts in ASCII, without the port that the scheme implies.
    host = parts.hostname if ":" in str(parts.hostname) else str(parts.hostname).encode("idna").decode()
    shown = f"[{host}]" if ":" in str(host) else host
    port = "" if parts.port in {None, 443 if parts.scheme == "https" else 80} else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"


_DATABASES: Final = "erwartet wird sqlite:////ordner/portal.db oder postgresql+psycopg://name:kennwort@rechner:5432/datenbank; leer: SQLite in DATA"


def _database(text: str) -> str:
    """The address as it came; a `ValueError` never repeats it, whole or in part, since a password is in it."""
    if not text:
        return ""
    try:
        url = make_url(text)
        has_port = url.port is None or 0 < url.port <= 65_535
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError(_DATABASES) from None
    if "@" in (url.host or ""):
        raise ValueError(f"{_DATABASES}. Sonderzeichen im Kennwort bitte umschreiben, etwa @ als %40")
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        is_file = url.database and url.database != ":memory:" and not url.database.startswith("file:")
        if not is_file or url.host or url.username or "uri" in url.query:
            raise ValueError(_DATABASES)
    elif url.drivername != "postgresql+psycopg" or not has_port:
        raise ValueError(_DATABASES)
    return text


def _hosts(text: str) -> tuple[str, ...]:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if not re.fullmatch(r"[a-z0-9._-]{1,253}", name):
            raise ValueError("erwartet werden Namen ohne Port, durch Komma getrennt, etwa alt.example, intern.example")
    return tuple(names)


def _contact(text: str) -> str:
    if text and not re.fullmatch(r"(?:mailto:[!-~]+@[!-~]+|https://[!-~]+)", text):
        raise ValueError("erwartet wird mailto:… oder https://…, etwa mailto:sicherheit@amt.example")
    return text


RULES: Final = (
    Rule("host", "HOST", str, "127.0.0.1", "Adresse, an der der Server lauscht."),
    Rule("port", "PORT", _port, "6543", "Port, an dem der Server lauscht."),
    Rule("data", "DATA", Path, "var", "Ordner, in dem alles liegt, was das Portal weiß."),
    Rule(
        "base_url",
        "BASE_URL",
        _address,
        "",
        "Öffentliche Adresse des Portals, wie sie in Feeds, Zitaten und PDF steht; leer: aus HOST und PORT.",
    ),
    Rule(
        "database_url",
        "DATABASE_URL",
        _database,
        "",
        "Andere Datenbank, etwa postgresql+psycopg://…; leer: SQLite in DATA.",
        is_secret=True,
    ),
    Rule("server", "SERVER", _server, "granian", "Webserver: granian oder waitress."),
    Rule(
        "threads",
        "THREADS",
        lambda text: _whole(text, 1, 64),
        "4",
        "So viele Seiten macht ein Prozess zugleich; Schreibende haben eigene Threads.",
    ),
    Rule("workers", "WORKERS", lambda text: _whole(text, 1, 32), "1", "Prozesse (nur granian)."),
    Rule(
        "mail_server",
        "MAIL_SERVER",
        _mail_server,
        "",
        "Mailserver als Name oder Name:Port; leer: Nachrichten als Dateien in DATA/mail.",
    ),
    Rule("mail_from", "MAIL_FROM", str, "beschlussportal@localhost", "Absender der Nachrichten."),
    Rule(
        "mail_tls",
        "MAIL_TLS",
        _mail_tls,
        "auto",
        "Verschlüsselung zum Mailserver: starttls und tls prüfen sein Zertifikat, auto nimmt, was er kann, aus keine.",
    ),
    Rule("mail_user", "MAIL_USER", str, "", "Anmeldename beim Mailserver; braucht MAIL_TLS=starttls oder tls."),
    Rule("mail_password", "MAIL_PASSWORD", str, "", "Kennwort dazu."),
    Rule("clock", "CLOCK", _switch, "an", "Uhr für Termine und Nachrichten in diesem Prozess: an oder aus."),
    Rule(
        "proxies",
        "PROXIES",
        lambda text: _whole(text, 0, 9),
        "0",
        "Eigene Proxys vor dem Portal: So viele Einträge von X-Forwarded-For werden geglaubt.",
    ),
    Rule(
        "hosts",
        "HOSTS",
        _hosts,
        "",
        "Weitere Namen des Portals, durch Komma getrennt: Sie führen zu BASE_URL. Andere Namen werden abgewiesen.",
    ),
    Rule(
        "security_contact",
        "SECURITY_CONTACT",
        _contact,
        "",
        "Wohin man Sicherheitslücken meldet (mailto:… oder https://…); steht in /.well-known/security.txt. Leer: keine.",
    ),
    Rule("oidc_issuer", "OIDC_ISSUER", _issuer, "", "Anmeldedienst (OpenID Connect); leer: keiner."),
    Rule("oidc_client_id", "OIDC_CLIENT_ID", str, "", "Kennung des Portals beim Anmeldedienst."),
    Rule("oidc_client_secret", "OIDC_CLIENT_SECRET", str, "", "Geheimnis dazu; leer: öffentlicher Client, nur PKCE."),
    Rule("oidc_name", "OIDC_NAME", str, "Anmeldedienst", "Wie der Anmeldedienst auf der Anmeldeseite heißt."),
    Rule(
        "oidc_login_claim",
        "OIDC_LOGIN_CLAIM",
        str,
        "preferred_username",
        "Angabe, nach der ein neues Konto heißt; ein vorhandenes öffnet sie nie.",
    ),
    Rule("oidc_roles_claim", "OIDC_ROLES_CLAIM", str, "groups", "Angabe, in der die Gruppen stehen."),
    Rule(
        "oidc_roles",
        "OIDC_ROLES",
        _roles,
        "",
        "Welche Gruppe welche Rolle gibt: gruppe=rolle, gruppe=rolle@organisation.",
    ),
    Rule("oidc_create", "OIDC_CREATE", _switch, "aus", "Konten beim ersten Anmelden anlegen: an; aus: nur vorhandene."),
    Rule(
        "cache_mb",
        "CACHE_MB",
        lambda text: _whole(text, 0, 4096),
        "16",
        "Speicher für fertige Seiten in MB; 0: keiner.",
    ),
)


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings from the environment; `overrides` (not None) come from the command line. Raises `SettingError`."""
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for rule in RULES:
        given = overrides.get(rule.name)
        text = str(given) if given is not None else source.get(rule.variable) or rule.default
        try:
            values[rule.name] = rule.read(text)
        except ValueError as error:
            shown = rule.variable if rule.is_secret else f"{rule.variable}={text!r}"
            raise SettingError(f"Die Einstellung {shown} geht nicht: {error}.") from error
    if not values["base_url"]:
        host = f"[{values['host']}]" if ":" in values["host"] else values["host"]
        values["base_url"] = f"http://{host}:{values['port']}"
    if values["mail_user"] and values["mail_tls"] not in {"starttls", "tls"}:
        raise SettingError(
            "MAIL_USER geht nur mit MAIL_TLS=starttls oder MAIL_TLS=tls: Das Kennwort reiste sonst ungeschützt."
        )
    if values["oidc_issuer"] and not values["oidc_client_id"]:
        raise SettingError(
            "OIDC_ISSUER braucht OIDC_CLIENT_ID: Unter welcher Kennung kennt der Anmeldedienst das Portal?"
        )
    values["database_url"] = values["database_url"] or None
    return Settings(**values)


SERVER_PROCESS: Final = "BESCHLUSSPORTAL_SERVER_PROCESS"
"""In the environment of the server's processes: the number of the one that started them."""
_SERVED_AT: Final = "served-at"


def remember_address(settings: Settings) -> None:
    """Keep where the portal is served: commands given meanwhile or later name it in their links."""
    (settings.data / _SERVED_AT).write_text(settings.base_url + "\n")


def with_served_address(settings: Settings, environment: Mapping[str, str] | None = None) -> Settings:
    """`settings` with the address where the portal was served last, where nothing says another one."""
    given = os.environ if environment is None else environment
    path = settings.data / _SERVED_AT
    if any(given.get(name) for name in ("BASE_URL", "HOST", "PORT")) or not path.is_file():
        return settings
    return replace(settings, base_url=path.read_text().strip() or settings.base_url)


def hand_over(settings: Settings) -> None:
    """Put the settings into the environment, where the server's processes read them again."""
    for rule in RULES:
        os.environ[rule.variable] = as_text(getattr(settings, rule.name))


def as_text(value: Any) -> str:
    """A value as it would be written into the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "an" if value else "aus"
    if isinstance(value, tuple) and all(isinstance(row, str) for row in value):
        return ", ".join(value)
    if isinstance(value, tuple):
        return ", ".join(
            f"{group}={role}" + (f"@{organisation}" if organisation else "") for group, role, organisation in value
        )
    return str(value)
