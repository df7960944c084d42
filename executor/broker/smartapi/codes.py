"""The one table of the broker's error codes: reason, proof, meaning, remedy (6.2; no other code is trusted).

`proof` says that a write with this answer was certainly not done. AB1010, AB1011 and AB1021 come from behind the
gateway and may follow a write that was done: no proof, though their reason is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from executor.domain.intent import RefusalReason


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says. `meaning` and `remedy` are for the trader."""

    reason: RefusalReason
    proof: bool
    meaning: str
    remedy: str


_LOGIN = "The trader logs in again by itself; `executor login` shows what came of it."
PORTAL = "Check API key, client code and PIN in the settings against the SmartAPI portal."
_LATER = "The broker is in trouble; the order book shows what became of it."
_REPORT = "Look at the recorded request; this is a fault of the executor or of its instrument list."
_SUPPORT = "Ask Angel One's support."

_SESSION, _INVALID, _OTHER = RefusalReason.SESSION, RefusalReason.INVALID, RefusalReason.OTHER

CODES: dict[str, Code] = {
    "AG8001": Code(_SESSION, True, "The session's token is not valid (any more).", _LOGIN),
    "AG8002": Code(_SESSION, True, "The session has expired.", _LOGIN),
    "AG8003": Code(_SESSION, True, "The call carried no session token.", _LOGIN),
    "AG8004": Code(
        RefusalReason.ACCOUNT,
        True,
        "The API key is not valid.",
        "Check SMARTAPI_API_KEY against the SmartAPI portal, then `executor resume`.",
    ),
    "AG7002": Code(
        RefusalReason.ADDRESS,
        True,
        "Orders may not come from this IP address.",
        "This server's address is not registered at Angel One: register its public IPv4 address with the API key at "
        "smartapi.angelone.in, set SMARTAPI_PUBLIC_IP to it, then `executor resume`.",
    ),
    "AG1000": Code(_OTHER, False, "Sales of holdings were already authorised today (eDIS).", "Nothing to do."),
    "AG2001": Code(_OTHER, False, "The authorisation of sales (eDIS) failed.", "Authorise in the broker's app."),
    "AB8050": Code(_SESSION, True, "The refresh token is not valid.", _LOGIN),
    "AB8051": Code(_SESSION, True, "The refresh token has expired.", _LOGIN),
    "AB1000": Code(_OTHER, False, "Client code or PIN is wrong.", PORTAL),
    "AB1001": Code(_OTHER, False, "The client code is wrong.", PORTAL),
    "AB1002": Code(_OTHER, False, "The PIN has the wrong length.", "The PIN is the 4-digit MPIN, not a password."),
    "AB1003": Code(_OTHER, False, "The client exists already.", _SUPPORT),
    "AB1004": Code(_OTHER, False, "Something went wrong at the broker.", _LATER),
    "AB1005": Code(_INVALID, True, "The user type of the call was wrong.", _REPORT),
    "AB1006": Code(
        RefusalReason.ACCOUNT,
        True,
        "The client is blocked for trading.",
        "Ask Angel One's support; when it trades again, `executor resume`.",
    ),
    "AB1007": Code(_INVALID, False, "The broker could not use the call; its text says why.", ""),
    "AB1008": Code(_INVALID, True, "The order's variety is wrong.", _REPORT),
    "AB1009": Code(_INVALID, True, "The broker does not know the symbol.", "Refresh: `executor instruments refresh`."),
    "AB1010": Code(_SESSION, False, "The session at the order system has expired.", _LOGIN),
    "AB1011": Code(_SESSION, False, "The client is not logged in at the order system.", _LOGIN),
    "AB1012": Code(_INVALID, True, "The product type is wrong for this instrument.", "Change the strategy's product."),
    "AB1013": Code(_INVALID, True, "The broker does not find the order.", "The order book shows what became of it."),
    "AB1014": Code(_OTHER, False, "There are no trades.", "Nothing to do."),
    "AB1015": Code(_OTHER, False, "There are no holdings.", "Nothing to do."),
    "AB1016": Code(_OTHER, False, "There are no positions.", "Nothing to do."),
    "AB1017": Code(_OTHER, True, "The position could not be converted.", "Look at it in the broker's app."),
    "AB1018": Code(_OTHER, False, "The broker could not look up the symbol.", _LATER),
    "AB1021": Code(RefusalReason.RATE, False, "Too many calls.", "Wait; our limits stay below the broker's."),
    "AB1031": Code(_OTHER, False, "The old password does not match.", PORTAL),
    "AB1032": Code(_OTHER, False, "The broker does not know the user.", PORTAL),
    "AB1050": Code(
        _OTHER,
        False,
        "TOTP and client do not fit together.",
        "Check the machine's clock, that SMARTAPI_TOTP_SECRET is the secret of the enable-TOTP page, and the PIN.",
    ),
    "AB2000": Code(_OTHER, False, "The broker names no error.", _LATER),
    "AB2001": Code(_OTHER, False, "Internal error at the broker.", _LATER),
    "AB2002": Code(_INVALID, True, "Bracket (ROBO) orders are blocked.", "Use another protection style."),
    "AB4006": Code(_INVALID, True, "The symbol token is wrong.", "Refresh: `executor instruments refresh`."),
    "AB4008": Code(_INVALID, True, "The order's tag is too long.", _REPORT),
    "AB4018": Code(_INVALID, True, "The symbol token is empty.", _REPORT),
    "AB4036": Code(_INVALID, True, "The scrip is under caution and needs consent.", "Trade it in the broker's app."),
}

#: The broker is in trouble or overrun: the same call may do later.
TROUBLE = frozenset({"AB1004", "AB1018", "AB1021", "AB2000", "AB2001"})
#: The gateway's limit, as plain text with 403 and as a message (5).
RATE_TEXTS = (
    "exceeding access rate",
    "exceeding rate limit",
    "too many requests",
    "access rate exceeded",
)
#: Messages that prove a refusal although their code does not, lower case (2.6, 4.2, 5).
_TEXTS: tuple[tuple[str, RefusalReason], ...] = (
    ("limit price protection", RefusalReason.PRICE),
    ("beyond the exchange's permissible range", RefusalReason.PRICE),
    ("circuit limit", RefusalReason.PRICE),
    ("insufficient funds", RefusalReason.FUNDS),
    ("unregistered ip", RefusalReason.ADDRESS),
    *((text, RefusalReason.RATE) for text in RATE_TEXTS),
)
#: AB1007 is a catch-all (9, no. 14): with these words it is about the call itself.
_VALIDATION = ("invalid", "bad input", "should be", "must be", "multiple of", "exceeds", "not allowed")


def proved_reason(code: str, message: str) -> RefusalReason | None:
    """The reason of a refusal that proves that nothing was done; None if code and message prove nothing."""
    known = CODES.get(code)
    if known is not None and code != "AB1007":
        return known.reason if known.proof else None
    words = message.lower()
    by_text = next((reason for text, reason in _TEXTS if text in words), None)
    if by_text is None and code == "AB1007" and any(text in words for text in _VALIDATION):
        return RefusalReason.INVALID
    return by_text


def told(code: str, message: str) -> str:
    """One line for the trader: the broker's words as they are, its code and what to do."""
    known = CODES.get(code)
    words = message or (known.meaning if known else "no message")
    named = f"{words} ({code})" if code else words
    return f"{named}. {known.remedy}" if known and known.remedy else named
