"""Messages: from the outbox to `.eml` files under DATA/mail, or to a mail server where one is set.

A message carries an id made of its occasion: a server that got it twice after a crash can tell, and so can its reader.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import smtplib
import ssl
from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any, Final
from urllib.parse import urlsplit

import jinja2
from zope.sendmail.mailer import SMTPMailer

from content.services.base.outbox import RefusedForGood
from portal.settings import Settings

SUBJECTS: Final[Mapping[str, str]] = {
    "mail.notice": "{subject}: {title}",
    "mail.digest": "Ihre Übersicht: {count} Hinweise",
    "mail.invitation": "Ihr Zugang zum Beschlussportal",
    "mail.reset": "Neues Kennwort für das Beschlussportal",
    "mail.account": "Ihr Konto „{login}“ wurde geändert",
    "mail.embargo": "Unter Sperrfrist: Ihr persönlicher Link zum Text",
    "mail.embargo_moved": "Die Sperrfrist hat ein anderes Ende: bitte beachten",
    "mail.embargo_ended": "Ihr Link zum Text unter Sperrfrist gilt nicht mehr",
    "mail.embargo_lifted": "Ihr Link zum Text unter Sperrfrist gilt nicht mehr",
    "mail.review": "Bitte um Durchsicht: {title}",
    "mail.review_reminder": "Bitte um Durchsicht: {title}",
    "mail.alert": "{count} neu zu Ihrer Suche {search}",
    "mail.alert_confirm": "Bitte bestätigen: Suche im Beschlussportal abonnieren",
    "mail.alert_link": "Ihr Link zu Ihren Abos im Beschlussportal",
}
TIMEOUT_S: Final = 20
_POLICY: Final = policy.default.clone(max_line_length=500)
"""Addresses in headers must not be broken: the library would encode them, and mail programs would not find them."""


class _VerifyingSMTP(smtplib.SMTP):
    """Begins TLS only with a server whose certificate is in order."""

    def starttls(self, *_: Any, context: Any = None, **__: Any) -> tuple[int, bytes]:
        return super().starttls(context=context or ssl.create_default_context())


class _VerifyingSMTPS(smtplib.SMTP_SSL):
    """Speaks TLS from the start, with a server whose certificate is in order."""

    def __init__(self, host: str, port: str, timeout: float) -> None:
        super().__init__(host, int(port), timeout=timeout, context=ssl.create_default_context())


class _OpportunisticSMTP(smtplib.SMTP):
    """Encrypts where the server can, without asking who it is: better than nothing, and no more than that."""


_CONNECTIONS: Final[Mapping[str, type[smtplib.SMTP]]] = {
    "auto": _OpportunisticSMTP,
    "aus": _OpportunisticSMTP,
    "starttls": _VerifyingSMTP,
    "tls": _VerifyingSMTPS,
}


class Mailer(SMTPMailer):  # type: ignore[misc]  # zope.sendmail has no types
    """zope.sendmail's way to a mail server, with certificates checked and connections that end whatever happens."""

    def __init__(self, settings: Settings) -> None:
        host, _, port = settings.mail_server.partition(":")
        mode = settings.mail_tls
        self.smtp = _CONNECTIONS[mode]
        super().__init__(
            hostname=host,
            port=int(port or (465 if mode == "tls" else 25)),
            username=settings.mail_user or None,
            password=settings.mail_password or None,
            no_tls=mode == "aus",
            force_tls=mode == "starttls",
            implicit_tls=mode == "tls",
            timeout=TIMEOUT_S,
        )

    def send(self, fromaddr: str, toaddrs: list[str], message: bytes) -> None:
        try:
            super().send(fromaddr, toaddrs, message)
        finally:
            connection: Any = getattr(self, "connection", None)
            if connection is not None:  # it failed before there was anything to send
                connection.close()
                self.connection = None

    def _close_connection(self) -> None:
        # A server that hangs up after it took the message has taken it: the farewell must not look like a failure.
        connection: Any = self.connection
        with contextlib.suppress(OSError, smtplib.SMTPException):
            connection.quit()
        connection.close()
        self.connection = None


class Postman:
    """Sends what the outbox hands over."""

    def __init__(self, settings: Settings, templates: jinja2.Environment) -> None:
        self._settings = settings
        self._templates = templates
        self._host = urlsplit(settings.base_url).hostname or "localhost"

    def __call__(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Send the message of a job.

        Raises `RefusedForGood` where the server will never take it, KeyError for a kind that is none, OSError (also
        smtplib's errors) where it may do so later.
        """
        message = self._message(kind, payload)
        if self._settings.mail_server:
            self._hand_over(str(payload["to"]), message)
        else:
            self._write(str(payload["key"]), message)

    def _hand_over(self, to: str, message: EmailMessage) -> None:
        try:
            Mailer(self._settings).send(self._settings.mail_from, [to], bytes(message))
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = next(iter(refused.recipients.values()))
            _refuse(code, words, refused)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            _refuse(refused.smtp_code, refused.smtp_error, refused)

    def _write(self, key: str, message: EmailMessage) -> None:
        folder = self._settings.data / "mail"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        temporary = folder / f".{name}.part"
        temporary.write_bytes(bytes(message))
        os.replace(temporary, folder / f"{name}.eml")

    def _message(self, kind: str, payload: Mapping[str, Any]) -> EmailMessage:
        message = EmailMessage(policy=_POLICY)
        # What is under embargo is named in the message only: mailboxes and telephones show subjects to whoever looks.
        subject = SUBJECTS[kind].format_map({**payload, "title": payload.get("named", payload.get("title", ""))})
        message["Subject"] = " ".join(subject.split())[:200]
        message["From"] = formataddr(("Beschlussportal", self._settings.mail_from))
        message["To"] = formataddr((" ".join(str(payload["name"]).split()), payload["to"]))
        message["Date"] = format_datetime(dt.datetime.now(dt.UTC))
        message["Message-ID"] = self._id_of(str(payload["key"]))
        if "follows" in payload:  # mail programs show it beside the message it belongs to
            message["In-Reply-To"] = message["References"] = self._id_of(str(payload["follows"]))
        message["Auto-Submitted"] = "auto-generated"
        if "leave_path" in payload:
            message["List-Unsubscribe"] = f"<{self._settings.base_url}{payload['leave_path']}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        template = self._templates.get_template(f"mail/{kind.removeprefix('mail.')}.txt")
        message.set_content(template.render(base_url=self._settings.base_url, **payload))
        return message

    def _id_of(self, key: str) -> str:
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{self._host}>"


def _refuse(code: int, words: bytes | str, refused: Exception) -> None:
    """5xx is a refusal for good, everything else may change: say which."""
    shown = words.decode(errors="replace") if isinstance(words, bytes) else words
    if code >= 500:
        raise RefusedForGood(f"Der Mailserver lehnt ab: {code} {shown}") from refused
    raise OSError(f"Der Mailserver nimmt die Nachricht gerade nicht an: {code} {shown}") from refused
