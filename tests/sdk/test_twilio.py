"""Twilio's SDK against the simulator, with its own validator for the callbacks."""

import queue
import secrets
import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

import pytest
from conftest import ACCOUNT, TOKEN, Redirected
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

def twiml(verb, **settings):
    response = VoiceResponse()
    getattr(response, verb)(**settings)
    return str(response)


FROM = "+14155550100"
HANGUP = twiml("hangup")
PAUSE = twiml("pause", length=30)
ENDED = {"completed", "busy", "no-answer", "failed", "canceled"}


@pytest.fixture
def callbacks():
    """A receiver of callbacks: its URL, and the queue of what came (URL, parameters, signature)."""
    came = queue.Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            url = f"http://127.0.0.1:{self.server.server_port}{self.path}"
            came.put((url, dict(parse_qsl(body, keep_blank_values=True)), self.headers["X-Twilio-Signature"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/status?job=9f2", came
    server.shutdown()
    thread.join()


def refusal(act):
    with pytest.raises(TwilioRestException) as refused:
        act()
    return refused.value.status, refused.value.code


def test_create_and_fetch(twilio):
    made = twilio.calls.create(to="+14155550123", from_=FROM, twiml=PAUSE, timeout=25, status_callback_event=["initiated", "completed"])
    assert made.sid.startswith("CA") and len(made.sid) == 34
    assert (made.status, made.direction, made.date_created, made.duration) == ("queued", "outbound-api", None, None)
    fetched = twilio.calls(made.sid).fetch()
    assert (fetched.sid, fetched.to, fetched._from, fetched.account_sid) == (made.sid, "+14155550123", FROM, ACCOUNT)
    assert fetched.date_created.tzinfo is not None
    twilio.calls(made.sid).update(status="completed")


def test_errors(twilio):
    def create(**changes):
        return lambda: twilio.calls.create(**{"to": "+14155550123", "from_": FROM, "twiml": HANGUP, **changes})

    assert refusal(create(to="nonsense")) == (400, 21211)
    assert refusal(create(to="+15005550001")) == (400, 21211)
    assert refusal(create(to="+15005550003")) == (400, 21215)
    assert refusal(create(from_="+15005550001")) == (400, 21212)
    assert refusal(lambda: twilio.calls("CA" + "0" * 32).fetch()) == (404, 20404)
    stranger = Client(ACCOUNT, "wrong", http_client=Redirected())
    assert refusal(lambda: stranger.calls("CA" + "0" * 32).fetch()) == (401, 20003)


def test_list_and_pages(twilio):
    to = f"+1415556{secrets.randbelow(10_000):04}"
    made = [twilio.calls.create(to=to, from_=FROM, twiml=HANGUP).sid for _ in range(5)]
    assert [call.sid for call in twilio.calls.list(to=to, from_=FROM, page_size=2)] == made[::-1], "newest first, over three pages"
    page = twilio.calls.page(to=to, page_size=2)
    assert [call.sid for call in page] == made[:2:-1]
    assert [call.sid for call in page.next_page()] == made[2:0:-1]
    assert twilio.calls.list(to="+14155550778") == []
    tomorrow = date.today() + timedelta(days=2)
    assert twilio.calls.list(to=to, start_time_after=tomorrow) == []


def test_update_and_delete(twilio, callbacks):
    url, came = callbacks
    made = twilio.calls.create(to="+14155550124", from_=FROM, twiml=PAUSE, status_callback=url, status_callback_event=["answered", "completed"])
    assert came.get(timeout=10)[1]["CallStatus"] == "in-progress"
    assert twilio.calls(made.sid).update(status="completed").sid == made.sid
    assert came.get(timeout=10)[1]["CallStatus"] == "completed"
    ended = twilio.calls(made.sid).fetch()
    assert ended.status == "completed" and ended.duration.isdigit()
    assert refusal(lambda: twilio.calls(made.sid).update(twiml=HANGUP)) == (400, 21220)
    assert twilio.calls(made.sid).delete()
    assert refusal(lambda: twilio.calls(made.sid).fetch()) == (404, 20404)


def test_callbacks_are_signed_and_in_order(twilio, callbacks):
    url, came = callbacks
    events = ["initiated", "ringing", "answered", "completed"]
    made = twilio.calls.create(to="+14155550125", from_=FROM, twiml=HANGUP, status_callback=url, status_callback_event=events)
    validator, seen = RequestValidator(TOKEN), []
    while not seen or seen[-1]["CallStatus"] not in ENDED:
        requested, parameters, signature = came.get(timeout=10)
        assert validator.validate(requested, parameters, signature)
        assert not validator.validate(requested, {**parameters, "CallStatus": "busy"}, signature)
        seen.append(parameters)
    assert {one["CallSid"] for one in seen} == {made.sid}
    assert [(one["SequenceNumber"], one["CallStatus"]) for one in seen] == [("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed")]
    assert seen[-1]["CallDuration"].isdigit()
