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
    FIXED_CHANGED = "fixed_changed"
    OUTSIDE_BOUNDS = "outside_bounds"
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
        "Quote every placeholder in the template; a quote or line break in a comment or order id breaks the document.",
    ),
    RefusalCode.TOO_LARGE: Words("The body is larger than 64 KiB", "Send only the fields of the template."),
    RefusalCode.BAD_FIELD: Words(
        "A field is missing, unknown or of the wrong form",
        "Make the template anew with `executor alert template`.",
    ),
    RefusalCode.PLACEHOLDER: Words(
        "TradingView left a placeholder unexpanded",
        "Use strategy placeholders only on strategy alerts, and spell them as the builder issues them.",
    ),
    RefusalCode.FIRED_OTHER_DAY: Words(
        "The alert was fired on another trading day",
        "It is never executed late; check the sender's clock or queue.",
    ),
    RefusalCode.FIRED_AHEAD: Words(
        "The alert was fired in the future", "Check this machine's clock: it must follow NTP."
    ),
    RefusalCode.TOKEN_MISSING: Words(
        "The alert carries no token", "Paste the whole template, with its token, into the alert's message."
    ),
    RefusalCode.TOKEN_ALTERED: Words(
        "The alert's token is not one that was issued here",
        "Paste the template again without changing the token; after a new SECRET_KEY, make the template anew.",
    ),
    RefusalCode.TOKEN_OTHER_STRATEGY: Words(
        "The token belongs to another strategy", "Use the address and the template of the same strategy."
    ),
    RefusalCode.TOKEN_EXPIRED: Words("The alert's token has expired", "Make the template anew and paste it."),
    RefusalCode.TOKEN_REVOKED: Words("The alert was revoked", "Make the template anew if the alert is still wanted."),
    RefusalCode.FIXED_CHANGED: Words(
        "A field that the token fixes is missing or different", "Paste the template again as it was issued."
    ),
    RefusalCode.OUTSIDE_BOUNDS: Words(
        "A field lies outside the bounds of the token",
        "Make a template with wider bounds, if that is what you want.",
    ),
    RefusalCode.UNKNOWN_ADDRESS: Words("There is no such address", "Copy the address again from the strategy."),
    RefusalCode.CONFLICT: Words(
        "The same id was used before with other content", "Put {{timenow}} into the id, or leave the id out."
    ),
    RefusalCode.NOT_RECORDED: Words(
        "The alert could not be recorded",
        "Nothing was done; TradingView sends it again. See the status page.",
    ),
    RefusalCode.STRATEGY_OFF: Words("The strategy is switched off", "`executor strategy enable NAME`."),
    RefusalCode.HALTED: Words("Entries are halted", "Read the halt's reason; then `executor resume`."),
    RefusalCode.UNSUPPORTED: Words("This version cannot do that yet", "See the list of actions in the README."),
    RefusalCode.TICKER_NOT_ALLOWED: Words(
        "The strategy may not trade this ticker", "Add it with `executor strategy set NAME --tickers …`."
    ),
    RefusalCode.TICKER_UNKNOWN: Words(
        "No instrument has this ticker", "Check the spelling, or refresh: `executor instruments refresh`."
    ),
    RefusalCode.TICKER_AMBIGUOUS: Words(
        "More than one instrument has this ticker", "Send the exchange as well, or Angel One's own symbol."
    ),
    RefusalCode.TICKER_NOT_TRADABLE: Words(
        "This ticker cannot be traded as it is",
        "An index needs a future or an option rule; a delayed feed none.",
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
        "`executor instruments refresh`; shares are traded meanwhile.",
    ),
    RefusalCode.STALE: Words(
        "The alert was too old when it could be judged",
        "Entries live 60 seconds from {{timenow}}; see what delayed it.",
    ),
    RefusalCode.SUPERSEDED: Words(
        "A newer signal of the lane was already carried out",
        "Nothing to do: TradingView resent it out of order.",
    ),
    RefusalCode.CLOSED: Words(
        "The market is closed", "Nothing is sent outside the session: the broker would keep it for tomorrow."
    ),
    RefusalCode.OUTSIDE_WINDOW: Words(
        "Outside the hours in which the strategy may enter",
        "Entries run from 09:16 to 15:00 unless set otherwise.",
    ),
    RefusalCode.SQUARED_OFF: Words(
        "INTRADAY positions have been squared off for the day",
        "They end five minutes before the broker's own square-off; `executor strategy show` tells the product.",
    ),
    RefusalCode.EXPIRING: Words(
        "The contract is too close to its expiry",
        "Let the ticker follow to the next one (`1!`), or allow options on their expiry day (`--expiry-day`).",
    ),
    RefusalCode.NO_STOP: Words(
        "An entry without a stop is refused",
        "Give the strategy a stop (`--stop-loss`), or `protection: none` if you mean it.",
    ),
    RefusalCode.STOP_WRONG_SIDE: Words(
        "The stop could not be placed",
        "It must lie below the price of a long and above that of a short, in the band.",
    ),
    RefusalCode.TARGET_WRONG_SIDE: Words(
        "The target lies on the wrong side of the price", "Above the price for a long, below it for a short."
    ),
    RefusalCode.TARGET_SHARES: Words(
        "The targets' shares are more than the whole position", "Let the shares add up to 100 percent or less."
    ),
    RefusalCode.TRIGGER_WRONG_SIDE: Words(
        "A stop entry's trigger lies on the wrong side of the price",
        "Above the price for a buy, below it for a sell, the limit beyond the trigger.",
    ),
    RefusalCode.SIZE_UNDECLARED: Words(
        "The size cannot be worked out from the strategy's settings",
        "Give the strategy what the size needs: `--capital`, `--contracts-are` or a stop.",
    ),
    RefusalCode.OVER_FREEZE: Words(
        "The position would take more orders than can be protected in time",
        "The exchange takes fewer than its freeze quantity in one order; a larger position is sliced: enter less.",
    ),
    RefusalCode.SIZE_ZERO: Words("Nothing is left after rounding to whole lots", "Raise the size or lower the risk."),
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
        "`executor resume --strategy NAME` (or `--account NAME`); it is reached anew when as much again is lost.",
    ),
    RefusalCode.PROFIT_UNKNOWN: Words(
        "A price is missing, so how near the loss limit is cannot be told",
        "Entries go on by themselves when the price is known again; see the broker's answers to LTP.",
    ),
    RefusalCode.SHORT_NOT_ALLOWED: Words(
        "The strategy may not open shorts",
        "Allow them with `--short intraday-cash`, if that is what you want.",
    ),
    RefusalCode.NOTHING_HELD: Words("The strategy holds nothing to reduce", "An exit never opens a position."),
    RefusalCode.ALREADY_CLOSING: Words("The position is already being closed", "See the signal that closes it."),
    RefusalCode.NO_PRICE: Words(
        "There was no fresh price for the contract",
        "Send `price` with the alert; see the broker's answers to LTP.",
    ),
    RefusalCode.NOT_SYNCED: Words(
        "The chart's position and ours do not agree", "They agree again when the chart has been flat."
    ),
    RefusalCode.NOT_STARTED: Words(
        "A new strategy starts flat",
        "Adds and exits are only recorded until the chart passes through flat or turns over.",
    ),
    RefusalCode.MISSED_ENTRY: Words(
        "The alert that opened this position never came here",
        "Check TradingView's alert log; we follow again when the chart has been flat or turns over.",
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
        "Entries are halted until a person resumes; keep the log and report it.",
    ),
}
