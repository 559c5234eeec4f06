"""Clients of the official SDKs, as published; only the base URL differs from production."""

import os

import pytest
from deepgram import DeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from openai import OpenAI
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

URL = os.environ["CALLFLEET_SIM_URL"].rstrip("/")
ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "simulated-auth-token"


class Redirected(TwilioHttpClient):
    """Twilio's SDK has no setting for the host; its documented way is a custom HTTP client."""

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", URL), *args, **kwargs)


@pytest.fixture
def twilio():
    return Client(ACCOUNT, TOKEN, http_client=Redirected())


@pytest.fixture
def openai():
    return OpenAI(api_key="sk-simulated", base_url=f"{URL}/v1")


@pytest.fixture
def deepgram():
    return deepgram_with("dg-simulated")


def deepgram_with(key):
    sockets = URL.replace("http", "ws", 1)
    place = DeepgramClientEnvironment(base=URL, production=sockets, agent=sockets, agent_rest=URL)
    return DeepgramClient(api_key=key, environment=place)
