from __future__ import annotations

from datetime import datetime, timedelta

import pyotp

from executor.clock import IST
from tests.simulator.harness import SECURE, TOKENS, Client


def test_login_answers_raw_tokens_and_echoes_state():
    client = Client(login=False)

    answer = client.login(state="mine").json()

    assert (answer["status"], answer["message"], answer["errorcode"]) == (True, "SUCCESS", "")
    assert set(answer["data"]) == {"jwtToken", "refreshToken", "feedToken", "state"}
    assert answer["data"]["state"] == "mine"
    assert answer["data"]["jwtToken"].count(".") == 2


def test_totp_is_accepted_one_step_early_or_late_and_no_more():
    client = Client(login=False)
    totp = pyotp.TOTP(client.own.totp_secret)
    now = client.clock.now()

    answers = {
        steps: client.login(totp=totp.at(now + timedelta(seconds=30 * steps))).json() for steps in (-2, -1, 1, 2)
    }

    assert [steps for steps, answer in answers.items() if answer["status"]] == [-1, 1]
    assert answers[2] == {
        "status": False,
        "message": "Invalid totp and client combination",
        "errorcode": "AB1050",
        "data": None,
    }


def test_a_totp_step_counts_once_where_that_is_asked_for():
    client = Client(login=False, totp_once=True)

    codes = [client.login().json()["errorcode"] for _ in range(2)]

    assert codes == ["", "AB1050"]


def test_wrong_pin_is_refused_and_stays_out_of_the_journal():
    client = Client(login=False)

    answer = client.login(password="99999").json()

    assert answer["errorcode"] == "AB1007"
    body = client.state()["requests"][-1]["body"]
    assert body == {"clientcode": client.own.client_code, "password": "***", "totp": "***"}


def test_token_is_needed_and_must_be_the_right_one(client):
    jwt = client.tokens["jwtToken"]

    def code(authorization: str) -> str:
        answer = client.http.get(f"{SECURE}/user/v1/getProfile", headers={"Authorization": authorization}).json()
        assert set(answer) >= {"data", "message"}
        return str(answer.get("errorCode", answer.get("errorcode")))

    assert code("") == "AG8003"
    assert code("Bearer nonsense") == "AG8001"
    assert code(f"Bearer Bearer {jwt}") == "AG8001"
    assert code(f"Bearer {jwt}") == ""


def test_gateway_refuses_in_its_own_envelope(client):
    del client.http.headers["Authorization"]

    answer = client.get("/user/v1/getProfile")

    assert answer == {"success": False, "message": "Token missing", "errorCode": "AG8003", "data": ""}


def test_a_new_login_ends_the_older_session(client):
    client.login()

    assert client.get("/user/v1/getProfile")["errorCode"] == "AG8001"


def test_sessions_live_side_by_side_where_that_is_asked_for():
    client = Client(single_session=False)

    client.login()

    assert client.get("/user/v1/getProfile")["status"] is True


def test_token_dies_at_midnight_in_india(client):
    client.clock.set(datetime(2026, 11, 25, 23, 59, 59, tzinfo=IST))
    before = client.get("/user/v1/getProfile")
    client.clock.advance(1)

    after = client.get("/user/v1/getProfile")

    assert before["status"] is True
    assert after["errorCode"] == "AG8002"


def test_refresh_gives_new_tokens_and_ends_the_old(client):
    answer = client.http.post(TOKENS, json={"refreshToken": client.tokens["refreshToken"]}).json()

    assert set(answer["data"]) == {"jwtToken", "refreshToken", "feedToken", "state"}
    assert client.get("/user/v1/getProfile")["errorCode"] == "AG8001"
    assert client.http.post(TOKENS, json={"refreshToken": "x"}).json()["errorcode"] == "AB8050"


def test_logout_ends_the_session(client):
    answer = client.post("/user/v1/logout", {"clientcode": client.own.client_code})

    assert answer["data"] == "Logout Successfully"
    assert client.get("/user/v1/getProfile")["errorCode"] == "AG8001"


def test_headers_are_enforced(client):
    del client.http.headers["X-MACAddress"]
    page = client.http.get(f"{SECURE}/user/v1/getProfile")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "Request Rejected" in page.text


def test_api_key_user_type_and_address_are_checked():
    client = Client(registered_ips=("203.0.113.7",))
    order = "/order/v1/placeOrder"

    def code(name: str, value: str) -> str:
        answer = client.http.post(f"{SECURE}{order}", json={}, headers={name: value}).json()
        return str(answer.get("errorCode", answer.get("errorcode")))

    assert code("X-PrivateKey", "other") == "AG8004"
    assert code("X-UserType", "ADMIN") == "AB1005"
    assert code("X-ClientPublicIP", "203.0.113.8") == "AG7002"
    assert code("X-ClientPublicIP", "203.0.113.7") == "AB1007"


def test_seed_makes_the_login():
    own, same, other = (Client(login=False, seed=seed).own for seed in (5, 5, 6))

    assert own == same
    assert own != other
    assert len(own.totp_secret) >= 32
