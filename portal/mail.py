"""Messages: from the outbox to `.eml` files under DATA/mail, or to a mail server where one is set.

A message carries an id made of its occasion: a server that got it twice after a crash can tell, and so can its reader.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any, Final
from urllib.parse import urlsplit

import jinja2
from zope.sendmail.mailer import SMTPMailer

from portal.settings import Settings

SUBJECTS: Final[Mapping[str, str]] = {
    "mail.step": "{step}: {title}", "mail.invitation": "Ihr Zugang zum Beschlussportal", "mail.reset": "Neues Kennwort für das Beschlussportal",
}


class Postman:
    """Sends what the outbox hands over."""

    def __init__(self, settings: Settings, templates: jinja2.Environment) -> None:
        self._settings = settings
        self._templates = templates
        self._host = urlsplit(settings.base_url).hostname or "localhost"

    def __call__(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Send the message of a job. Raises KeyError for a kind that is none, OSError when it could not be sent."""
        message = self._message(kind, payload)
        server = self._settings.mail_server
        if server:
            host, _, port = server.partition(":")
            SMTPMailer(hostname=host, port=int(port or 25)).send(self._settings.mail_from, [payload["to"]], bytes(message))
            return
        folder = self._settings.data / "mail"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = hashlib.sha256(str(payload["key"]).encode()).hexdigest()[:24]
        temporary = folder / f".{name}.part"
        temporary.write_bytes(bytes(message))
        os.replace(temporary, folder / f"{name}.eml")

    def _message(self, kind: str, payload: Mapping[str, Any]) -> EmailMessage:
        message = EmailMessage()
        subject = SUBJECTS[kind].format_map(payload)
        message["Subject"] = " ".join(subject.split())[:200]
        message["From"] = formataddr(("Beschlussportal", self._settings.mail_from))
        message["To"] = formataddr((payload["name"], payload["to"]))
        message["Date"] = format_datetime(dt.datetime.now(dt.UTC))
        message["Message-ID"] = f"<{hashlib.sha256(str(payload['key']).encode()).hexdigest()[:32]}@{self._host}>"
        message["Auto-Submitted"] = "auto-generated"
        template = self._templates.get_template(f"mail/{kind.removeprefix('mail.')}.txt")
        message.set_content(template.render(base_url=self._settings.base_url, **payload))
        return message
