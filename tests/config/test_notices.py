from __future__ import annotations

from pathlib import Path

import pytest

from executor.config import notices
from executor.config.notices import Mail, Other, Telegram, Webhook, labels, notify_addresses
from executor.config.reader import Reader
from executor.errors import ConfigError


def read(text: str) -> list[notices.Address]:
    return list(notify_addresses(Reader({"EXECUTOR_NOTIFY_URLS": text})))


def test_each_kind_of_address_is_read():
    found = read(
        "telegram://123456:AAE-x_y@-100200300, telegram://1:t@@news?api=http://127.0.0.1:81/,"
        "smtp://me%40example.com:p%3Aw@mail.example.com/?to=a@example.com&to=b@example.com,"
        "smtps://u:w@mail.example.com/?to=a@example.com&from=bot@example.com,https://hooks.example.com/s3cret"
    )

    assert found[0] == Telegram(found[0].url, "123456:AAE-x_y", "-100200300")
    assert found[1] == Telegram(found[1].url, "1:t", "@news", "http://127.0.0.1:81")
    to = ("a@example.com", "b@example.com")
    host = "mail.example.com"
    assert found[2] == Mail(found[2].url, host, 587, "me@example.com", "p:w", "me@example.com", to, encrypted=False)
    assert found[3] == Mail(found[3].url, host, 465, "u", "w", "bot@example.com", to[:1], encrypted=True)
    assert found[4] == Webhook("https://hooks.example.com/s3cret")


def test_a_file_may_hold_one_a_line(tmp_path: Path):
    file = tmp_path / "urls"
    file.write_text("telegram://1:t@2\nhttps://hooks.example.com/a\n")

    found = notify_addresses(Reader({"EXECUTOR_NOTIFY_URLS_FILE": str(file)}))

    assert labels(found) == ["telegram chat 2", "webhook hooks.example.com"]


def test_anything_else_is_for_apprise_when_it_is_installed(monkeypatch: pytest.MonkeyPatch):
    assert read("discord://id/hush") == [Other("discord://id/hush")]

    monkeypatch.setattr(notices, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"address 1.*discord.*executor\[notify\]") as refused:
        read("discord://id/hush")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "telegram://hush@12",
        "telegram://1:hush",
        "smtp://u:hush@mail.example.com/",
        "smtp://u:hush@mail.example.com/?to=a@b.c",
        "smtp://u:hush@mail.example.com:x/?to=a@b.c&from=d@e.f",
        "smtp://u:hush@mail.example.com/?to=a@b.c%0d%0aBcc:x@y.z&from=d@e.f",
        "http://hooks.example.com/hush",
        "telegram://1:hush@2?api=http://example.com",
        "hush",
    ],
)
def test_what_cannot_be_right_is_refused_without_its_value(url: str):
    with pytest.raises(ConfigError, match="EXECUTOR_NOTIFY_URLS, address 2") as refused:
        read(f"https://hooks.example.com/a,{url}")

    assert "hush" not in str(refused.value)


def test_no_secret_is_in_a_repr_or_label():
    found = read("telegram://1:hush@2,smtp://u:hush@h.example/?to=a@b.c&from=d@e.f,https://h.example/hush,ntfy://hush")

    assert "hush" not in repr(found) + repr(labels(found))
    assert all(any("hush" in secret for secret in address.secrets) for address in found)


def test_two_of_the_same_kind_are_told_apart():
    assert labels(read("https://h.example/a,https://h.example/b")) == ["webhook h.example", "webhook h.example (2)"]
