"""Every refusal there is: code, sentence, remedy. The only list; pages, answers and docs are made from it.

A rule returns a `Refusal` as a value; `detail` says what was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    BAD_FIELD = "bad_field"
    PLACEHOLDER = "placeholder"
    FIRED_OTHER_DAY = "fired_other_day"
    FIRED_AHEAD = "fired_ahead"
    TOKEN_MISSING = "token_missing"
    TOKEN_ALTERED = "token_altered"
    TOKEN_OTHER_STRATEGY = "token_other_strategy"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_BESIDE = "token_beside"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_ALTERED = "signature_altered"
    SIGNATURE_EXPIRED = "signature_expired"
    CERTIFICATE = "certificate"
    FIXED_CHANGED = "fixed_changed"
    OUTSIDE_BOUNDS = "outside_bounds"
    BEYOND_STRATEGY = "beyond_strategy"
    UNKNOWN_ADDRESS = "unknown_address"
    CONFLICT = "conflict"
    NOT_RECORDED = "not_recorded"
    STRATEGY_OFF = "strategy_off"
    HALTED = "halted"
    UNSUPPORTED = "unsupported"
    TICKER_NOT_ALLOWED = "ticker_not_allowed"
    TICKER_UNKNOWN = "ticker_unknown"
    TICKER_AMBIGUOUS = "ticker_ambiguous"
    TICKER_NOT_TRADABLE = "ticker_not_tradable"
    NOT_LISTED = "not_listed"
    EXPIRED = "expired"
    ROLL_REFUSED = "roll_refused"
    NO_OPTIONS = "no_options"
    STALE_MASTER = "stale_master"
    STALE = "stale"
    SUPERSEDED = "superseded"
    CLOSED = "closed"
    OUTSIDE_WINDOW = "outside_window"
    SQUARED_OFF = "squared_off"
    EXPIRING = "expiring"
    NO_STOP = "no_stop"
    STOP_WRONG_SIDE = "stop_wrong_side"
    TARGET_WRONG_SIDE = "target_wrong_side"
    TARGET_SHARES = "target_shares"
    TRIGGER_WRONG_SIDE = "trigger_wrong_side"
    SIZE_UNDECLARED = "size_undeclared"
    SIZE_ZERO = "size_zero"
    OVER_FREEZE = "over_freeze"
    SIZE_OVER_LIMIT = "size_over_limit"
    NOTIONAL_OVER_LIMIT = "notional_over_limit"
    TOO_MANY_OPEN = "too_many_open"
    TRADES_A_DAY = "trades_a_day"
    COOL_DOWN = "cool_down"
    LOSS_LIMIT = "loss_limit"
    PROFIT_UNKNOWN = "profit_unknown"
    SHORT_NOT_ALLOWED = "short_not_allowed"
    NOTHING_HELD = "nothing_held"
    ALREADY_CLOSING = "already_closing"
    NO_PRICE = "no_price"
    NOT_SYNCED = "not_synced"
    NOT_STARTED = "not_started"
    MISSED_ENTRY = "missed_entry"
    STOP_LOOSER = "stop_looser"
    SPREAD_TOO_WIDE = "spread_too_wide"
    CHART_NOT_TRADED = "chart_not_traded"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Words:
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done. `detail` says what was found; sentence and remedy come from the list."""

    code: RefusalCode
    detail: str = ""

    @property
    def sentence(self) -> str:
        words = WORDS[self.code].sentence
        return f"{words}: {self.detail}" if self.detail else f"{words}."

    @property
    def remedy(self) -> str:
        return WORDS[self.code].remedy


WORDS: dict[RefusalCode, Words] = {
    RefusalCode.NOT_JSON: Words(
        "The body is not strict JSON",
        "Paste the message as `executor alert template NAME` prints it. If you changed it: every placeholder "
        "stands in quotes, and a quote or line break in a comment or order id breaks the document.",
    ),
    RefusalCode.TOO_LARGE: Words("The body is larger than 64 KiB", "Send only the fields of the template."),
    RefusalCode.BAD_FIELD: Words(
        "A field is missing, unknown or of the wrong form",
        "Mend the field that is named; `executor alert check FILE` tries a message without sending it, "
        "`executor alert template NAME` prints one that fits.",
    ),
    RefusalCode.PLACEHOLDER: Words(
        "TradingView left a placeholder unexpanded",
        "{{strategy.…}} is filled in on alerts of a strategy only, others when spelled exactly: for an "
        "indicator's alert take `executor alert template NAME --style indicator`.",
    ),
    RefusalCode.FIRED_OTHER_DAY: Words(
        "The alert was fired on another trading day",
        "Nothing of another day is ever traded. If it was fired just now, fired_at is not {{timenow}}, or "
        "this machine's clock is wrong (`timedatectl`).",
    ),
    RefusalCode.FIRED_AHEAD: Words(
        "The alert was fired in the future",
        "Set this machine's clock by NTP (`timedatectl` tells whether it is), and let fired_at be {{timenow}}.",
    ),
    RefusalCode.TOKEN_MISSING: Words(
        "The alert carries no token", "Paste the whole template, with its token, into the alert's message."
    ),
    RefusalCode.TOKEN_ALTERED: Words(
        "The alert's token is not one that was issued here",
        "Paste the template again without changing the token; with a new SECRET_KEY or a new database make it"
        " anew: `executor alert template NAME`.",
    ),
    RefusalCode.TOKEN_OTHER_STRATEGY: Words(
        "The token belongs to another strategy", "Use the address and the template of the same strategy."
    ),
    RefusalCode.TOKEN_EXPIRED: Words("The alert's token has expired", "Make the template anew and paste it."),
    RefusalCode.TOKEN_REVOKED: Words("The alert was revoked", "Make the template anew if the alert is still wanted."),
    RefusalCode.TOKEN_BESIDE: Words(
        "The alert carries a token beside its signature",
        "Leave `token` out of what is signed with headers, or send the message as it is to the strategy's secret "
        "address (`executor strategy show NAME`).",
    ),
    RefusalCode.SIGNATURE_MISSING: Words(
        "The alert is not signed",
        "This address takes Standard Webhooks: send webhook-id, webhook-timestamp and webhook-signature. TradingView "
        "cannot; its alerts go to the strategy's secret address (`executor strategy show NAME`).",
    ),
    RefusalCode.SIGNATURE_ALTERED: Words(
        "The signature is not one of this strategy's secret over this message",
        "Sign the very bytes that are sent, as id.timestamp.body, with the strategy's standard_webhook_secret "
        "(`executor strategy show NAME`); after `executor strategy rotate` with the new one.",
    ),
    RefusalCode.SIGNATURE_EXPIRED: Words(
        "The message was signed too long ago, or in the future",
        "Sign when you send, and again when you send again: five minutes either way are allowed. Set both clocks by "
        "NTP (`timedatectl`).",
    ),
    RefusalCode.CERTIFICATE: Words(
        "The alert came without one of the client certificates that are taken",
        "If TradingView sent it, its certificate was renewed: hold the one on the delivery's page against another "
        "delivery's, then add it to EXECUTOR_CLIENT_CERTIFICATES. Where the page shows none, the proxy does not "
        "forward it or is missing in EXECUTOR_TRUSTED_PROXIES. Senders of your own sign instead.",
    ),
    RefusalCode.FIXED_CHANGED: Words(
        "A field that the token fixes is missing or different",
        "Paste the template again as it was issued; another value takes another template (`--set PATH=VALUE`).",
    ),
    RefusalCode.OUTSIDE_BOUNDS: Words(
        "A field lies outside the bounds of the token",
        "A token allows what the strategy allowed when the template was made, and only the fields that it "
        "holds. After a change of tickers or sizes make the template anew; `--set 'PATH={{placeholder}}'` "
        "opens a further field.",
    ),
    RefusalCode.BEYOND_STRATEGY: Words(
        "A field asks for what only a token could allow, and the strategy does not",
        "Leave it out, or allow it in the strategy: `--option` for an option rule, `--roll refuse` for contracts that "
        "alerts name, `--max-open` for several positions on one ticker.",
    ),
    RefusalCode.UNKNOWN_ADDRESS: Words(
        "There is no such address",
        "Copy the address again: `executor strategy show NAME`. After `executor strategy rotate` the old one is ended "
        "by the same with `--end-overlap`.",
    ),
    RefusalCode.CONFLICT: Words(
        "The same id was used before with other content", "Put {{timenow}} into the id, or leave the id out."
    ),
    RefusalCode.NOT_RECORDED: Words(
        "The alert could not be recorded",
        "Nothing was done, and TradingView sends it again, three times at most. `executor doctor` says "
        "whether the disk is full or the database gone.",
    ),
    RefusalCode.STRATEGY_OFF: Words("The strategy is switched off", "`executor strategy enable NAME`."),
    RefusalCode.HALTED: Words(
        "Entries are halted",
        "See to the reason, which stands here and in the head of every page; then `executor resume` with the "
        "halt's scope (`--strategy NAME`, `--account NAME`, or none for all).",
    ),
    RefusalCode.UNSUPPORTED: Words(
        "This version cannot do that yet",
        "Leave out of the message what is named here; docs/trading.md says what there is.",
    ),
    RefusalCode.TICKER_NOT_ALLOWED: Words(
        "The strategy may not trade this ticker",
        "Add it with `executor strategy set NAME --tickers …` (all of them, not the new one alone), and make "
        "the template anew.",
    ),
    RefusalCode.TICKER_UNKNOWN: Words(
        "No instrument has this ticker",
        "Check the spelling with `executor instruments search NAME`, or take today's table: `executor "
        "instruments refresh`.",
    ),
    RefusalCode.TICKER_AMBIGUOUS: Words(
        "More than one instrument has this ticker", "Send the exchange as well, or Angel One's own symbol."
    ),
    RefusalCode.TICKER_NOT_TRADABLE: Words(
        "This ticker cannot be traded as it is",
        "For an index chart its future (NIFTY1!) or give the strategy an option rule (`--option`). A chart "
        "with delayed prices (NSE_DLY:…) may leave what is held and nothing else: chart it in real time.",
    ),
    RefusalCode.NOT_LISTED: Words(
        "No such contract is listed",
        "`executor instruments search NAME` lists what there is; a holiday moves an expiry to the day before.",
    ),
    RefusalCode.EXPIRED: Words(
        "The contract has expired", "Chart one that is listed, or a continuous one (`1!`) that follows by itself."
    ),
    RefusalCode.ROLL_REFUSED: Words(
        "The strategy trades no continuous futures",
        "Let the alert name its contract (a dated ticker, or `contract`), or set `--roll nearest`.",
    ),
    RefusalCode.NO_OPTIONS: Words(
        "The option rule fits no listed options",
        "See `executor instruments resolve TICKER --option …`, and change the rule of the strategy or the alert.",
    ),
    RefusalCode.STALE_MASTER: Words(
        "The instrument table is not of today, so no contract is taken from it",
        "`executor instruments refresh`; its page says what went wrong in the morning. Shares are traded "
        "meanwhile, and exits go to what is held.",
    ),
    RefusalCode.STALE: Words(
        "The alert was too old when it could be judged",
        "An entry is sent within 60 seconds of {{timenow}} or never. Its page shows what took the time; if "
        "all are late, look at this machine's clock and at TradingView's alert log.",
    ),
    RefusalCode.SUPERSEDED: Words(
        "A newer signal of the lane was already carried out",
        "Nothing to do. If TradingView often sends alerts out of order or again, look at its alert log.",
    ),
    RefusalCode.CLOSED: Words(
        "The market is closed",
        "Let alerts fire while it is open. Nothing is sent outside the session: the broker would keep it for tomorrow.",
    ),
    RefusalCode.OUTSIDE_WINDOW: Words(
        "Outside the hours in which the strategy may enter",
        "Entries run from 09:16 to 15:00 unless `--enter-from` and `--enter-until` say otherwise; exits are "
        "taken all day.",
    ),
    RefusalCode.SQUARED_OFF: Words(
        "INTRADAY positions have been squared off for the day",
        "They end five minutes before the broker's own square-off. What is to stay over night takes another "
        "product: `executor strategy set NAME --product delivery` (or carryforward).",
    ),
    RefusalCode.EXPIRING: Words(
        "The contract is too close to its expiry",
        'Chart the next one, let `1!` turn to it earlier (`--roll "3 days at 09:00"`), or allow an index\'s '
        "options on their last day (`--expiry-day`).",
    ),
    RefusalCode.NO_STOP: Words(
        "An entry without a stop is refused",
        "Give the strategy a stop (`--stop-loss 1%`), or `--protection none` if you mean it.",
    ),
    RefusalCode.STOP_WRONG_SIDE: Words(
        "The stop could not be placed",
        "A stop lies below the price of a long and above that of a short, inside the day's price band. A "
        "distance in percent is always on the right side; a price may have been passed already.",
    ),
    RefusalCode.TARGET_WRONG_SIDE: Words(
        "The target lies on the wrong side of the price",
        "Above the price for a long, below it for a short; a distance in percent always does.",
    ),
    RefusalCode.TARGET_SHARES: Words(
        "The targets' shares are more than the whole position", "Let the shares add up to 100 percent or less."
    ),
    RefusalCode.TRIGGER_WRONG_SIDE: Words(
        "A stop entry's trigger lies on the wrong side of the price",
        "Above the price for a buy, below it for a sell, the limit beyond the trigger. Where the price has "
        "passed the trigger already, the entry came too late.",
    ),
    RefusalCode.SIZE_UNDECLARED: Words(
        "The size cannot be worked out from the strategy's settings",
        "Give the strategy what the size needs, with `executor strategy set NAME`: `--capital`, "
        "`--contracts-are` or `--stop-loss`.",
    ),
    RefusalCode.OVER_FREEZE: Words(
        "The position would take more orders than can be protected in time",
        "Enter less. One order takes less than the exchange's freeze quantity, a larger position several, and"
        " all of its stops or exits must leave within two seconds.",
    ),
    RefusalCode.SIZE_ZERO: Words(
        "Nothing is left after rounding to whole lots",
        "Raise the size until it makes one lot; with `risk`, more rupees or a nearer stop.",
    ),
    RefusalCode.SIZE_OVER_LIMIT: Words(
        "The order is larger than the rails allow",
        "Raise `--max-quantity` or `--max-order-quantity` of the strategy or account if that is what you want.",
    ),
    RefusalCode.NOTIONAL_OVER_LIMIT: Words(
        "The position would be worth more than the rails allow",
        "Raise `--max-notional` of the strategy, or of the account, if that is what you want.",
    ),
    RefusalCode.TOO_MANY_OPEN: Words(
        "As many positions are open as the rails allow",
        "Wait until one is closed, or raise `--max-open` of the strategy, or of the account.",
    ),
    RefusalCode.TRADES_A_DAY: Words(
        "The trades of the day are used up",
        "Raise `--max-trades` of the strategy, or of the account, if that is what you want.",
    ),
    RefusalCode.COOL_DOWN: Words(
        "The strategy pauses after a loss", "Wait, or shorten `--cooldown` if that is what you want."
    ),
    RefusalCode.LOSS_LIMIT: Words(
        "The loss limit of the day was reached",
        "It lasts until you end it: `executor resume --strategy NAME` (or `--account NAME`); it is reached "
        "anew when as much again is lost.",
    ),
    RefusalCode.PROFIT_UNKNOWN: Words(
        "A price is missing, so how near the loss limit is cannot be told",
        "Entries go on by themselves when the price is known again; the status page and `executor doctor` "
        "tell whether session and price feed live.",
    ),
    RefusalCode.SHORT_NOT_ALLOWED: Words(
        "The strategy may not open shorts",
        "Allow them if that is what you want: `--short futures`, `--short intraday-cash` or `--short "
        "write-options`. Delivery never opens one.",
    ),
    RefusalCode.NOTHING_HELD: Words(
        "The strategy holds nothing to reduce",
        "Nothing to do: an exit never opens a position. If the chart is in one, its entry was refused or "
        "missed: see the log before this.",
    ),
    RefusalCode.ALREADY_CLOSING: Words(
        "The position is already being closed", "Nothing to do; see the signal that closes it."
    ),
    RefusalCode.NO_PRICE: Words(
        "There was no fresh price for the contract",
        "Let the alert carry `price` ({{close}}) where the chart shows what is traded; the status page and "
        "`executor doctor` tell whether session and price feed live.",
    ),
    RefusalCode.NOT_SYNCED: Words(
        "The chart's position and ours do not agree",
        "They agree again when the chart has been flat or has turned over; what is held keeps its stop "
        "meanwhile, and `executor exit` leaves it.",
    ),
    RefusalCode.NOT_STARTED: Words(
        "A new strategy starts flat",
        "Adds and exits are only recorded until the chart passes through flat or turns over.",
    ),
    RefusalCode.MISSED_ENTRY: Words(
        "What the chart adds to is not held here",
        "Its alert never came (see TradingView's alert log), was refused, or the position was left by its stop or "
        "target; we follow again when the chart has been flat or turns over.",
    ),
    RefusalCode.STOP_LOOSER: Words(
        "An alert may only move a stop nearer", "Move it by hand with `executor protect` if you mean it."
    ),
    RefusalCode.SPREAD_TOO_WIDE: Words(
        "Buyers and sellers of the option are too far apart",
        "Take a strike nearer to the money, or raise `--max-spread` if that is what you want.",
    ),
    RefusalCode.CHART_NOT_TRADED: Words(
        "This price may be the chart's, which is not what is traded",
        "Say `of: underlying` or `of: contract` with a stop or target, or give it in percent; enter at the market.",
    ),
    RefusalCode.SET_ASIDE: Words(
        "A fault of this program kept the signal from being carried out",
        "Entries are halted until a person resumes; keep the log (`journalctl -u executor`) and report it.",
    ),
}
