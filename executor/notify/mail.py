"""Mail, by the standard library. A password never goes over the wire in the clear but to this machine itself."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from executor.config.notices import Mail
from executor.config.reader import is_loopback
from executor.errors import NotifyFailed
from executor.notify.message import Message

_TIMEOUT_S = 10.0
#: A subject longer than this is cut; the whole stands in the body.
_SUBJECT = 120


class MailNotifier:
    """A connection for each message: they are few, and hours apart."""

    def __init__(self, address: Mail) -> None:
        self._address = address

    def tell(self, message: Message) -> None:
        try:
            with self._connect() as server:
                if self._address.user:
                    server.login(self._address.user, self._address.password)
                server.send_message(_mail(self._address, message))
        except (smtplib.SMTPException, OSError, ValueError) as error:  # a login or header that mail cannot carry
            raise NotifyFailed(self._words(error)) from None

    def _connect(self) -> smtplib.SMTP:
        one, context = self._address, ssl.create_default_context()
        if one.encrypted:
            return smtplib.SMTP_SSL(one.host, one.port, timeout=_TIMEOUT_S, context=context)
        server = smtplib.SMTP(one.host, one.port, timeout=_TIMEOUT_S)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif not is_loopback(f"smtp://{one.host}"):
            server.close()
            raise smtplib.SMTPException("it offers no STARTTLS: use smtps://, or another server")
        return server

    def _words(self, error: Exception) -> str:
        match error:
            case smtplib.SMTPResponseException():
                answer = error.smtp_error
                said = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
                words = f"the mail server answered {error.smtp_code}: {said}"
            case smtplib.SMTPException() | ValueError():
                words = f"the mail was not taken: {error}"
            case _:
                words = f"the mail server could not be reached ({type(error).__name__})"
        return words.replace(self._address.password, "***") if self._address.password else words


def _mail(address: Mail, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = message.title if len(message.title) <= _SUBJECT else f"{message.title[:_SUBJECT]}…"
    mail["From"], mail["To"] = address.sender, ", ".join(address.to)
    if message.is_urgent:
        mail["Importance"] = "high"
    mail["X-Executor-Notice"] = message.id
    mail.set_content("\n\n".join(part for part in (message.title, message.body) if part))
    return mail
