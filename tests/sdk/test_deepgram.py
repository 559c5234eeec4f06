"""Deepgram's SDK against the simulator. What the mouth says is what the ears hear."""

import pytest
import websockets
from conftest import deepgram_with
from deepgram.core.api_error import ApiError
from deepgram.speak.v1.types import SpeakV1Text

PHONE = {"encoding": "mulaw", "sample_rate": 8000}
SILENCE = b"\xff" * 160
#: A 500 Hz square wave: a voice without words.
HUM = (b"\x10" * 8 + b"\x90" * 8) * 10


def spoken(deepgram, text, **settings):
    return b"".join(deepgram.speak.v1.audio.generate(text=text, model="aura-2-thalia-en", **settings))


def phone_line(deepgram, text):
    return spoken(deepgram, text, container="none", **PHONE)


def play(socket, audio):
    for at in range(0, len(audio), 160):
        socket.send_media(audio[at : at + 160])


def rest(socket):
    """Messages until the server closes."""
    messages = []
    try:
        while True:
            messages.append(socket.recv())
    except websockets.exceptions.ConnectionClosedOK:
        return messages


def test_speak_rest(deepgram):
    assert spoken(deepgram, "Good morning.").startswith(b"RIFF"), "wav is the default container"
    raw = phone_line(deepgram, "Good morning.")
    assert not raw.startswith(b"RIFF") and 1000 < len(raw) < 8000
    with pytest.raises(ApiError) as refused:
        spoken(deepgram, "")
    assert refused.value.status_code == 400
    with pytest.raises(ApiError) as refused:
        spoken(deepgram_with("dg-wrong"), "Good morning.")
    assert refused.value.status_code == 401


def test_speak_socket(deepgram):
    with deepgram.speak.v1.connect(model="aura-2-thalia-en", encoding="mulaw", sample_rate="8000") as socket:
        assert socket.recv().model_name == "aura-2-thalia-en"
        socket.send_text(SpeakV1Text(text="Good morning, "))
        socket.send_text(SpeakV1Text(text="this is a call."))
        socket.send_flush()
        audio = b""
        while isinstance(message := socket.recv(), bytes):
            audio += message
        assert (message.type, message.sequence_id) == ("Flushed", 0)
        socket.send_clear()
        assert socket.recv().type == "Cleared"
        socket.send_close()
        assert rest(socket) == []
    heard = deepgram.listen.v1.media.transcribe_file(request=audio, model="nova-3", smart_format=True, request_options={"additional_query_parameters": PHONE})
    assert heard.results.channels[0].alternatives[0].transcript == "Good morning, this is a call."


def test_recorded(deepgram):
    wav = spoken(deepgram, "Yes, tomorrow works.")
    heard = deepgram.listen.v1.media.transcribe_file(request=wav, model="nova-3", smart_format=True, utterances=True)
    alternative = heard.results.channels[0].alternatives[0]
    assert alternative.transcript == "Yes, tomorrow works." and alternative.words[0].word == "yes"
    assert heard.results.utterances[0].transcript == "Yes, tomorrow works."
    assert heard.metadata.duration > 0.3


def test_nova(deepgram):
    audio = SILENCE * 10 + phone_line(deepgram, "Yes, that works.") + SILENCE * 60
    with deepgram.listen.v1.connect(
        model="nova-3", encoding="mulaw", sample_rate="8000", interim_results="true", smart_format="true", endpointing="300", utterance_end_ms="1000", vad_events="true"
    ) as socket:
        socket.send_keep_alive()
        play(socket, audio)
        socket.send_finalize()
        socket.send_close_stream()
        messages = rest(socket)
    kinds = [message.type for message in messages]
    assert kinds[0] == "SpeechStarted" and kinds[-1] == "Metadata" and "UtteranceEnd" in kinds
    results = [message for message in messages if message.type == "Results"]
    assert any(not result.is_final for result in results), "interims"
    final = next(result for result in results if result.speech_final)
    assert final.is_final and final.channel.alternatives[0].transcript == "Yes, that works."
    assert final.channel.alternatives[0].words[0].punctuated_word == "Yes,"


def test_nova_hears_any_voice(deepgram):
    with deepgram.listen.v1.connect(model="nova-3", encoding="mulaw", sample_rate="8000", punctuate="true", endpointing="300") as socket:
        play(socket, HUM * 30 + SILENCE * 30)
        socket.send_close_stream()
        texts = [message.channel.alternatives[0].transcript for message in rest(socket) if message.type == "Results"]
    assert texts == ["I see."]


def test_flux(deepgram):
    audio = phone_line(deepgram, "Call me tomorrow.") + SILENCE * 20 + phone_line(deepgram, "Thank you.")
    with deepgram.listen.v2.connect(model="flux-general-en", encoding="mulaw", sample_rate="8000", eager_eot_threshold="0.5") as socket:
        assert socket.recv().type == "Connected"
        play(socket, audio)
        socket.send_force_end_turn()
        socket.send_close_stream()
        turns = [message for message in rest(socket) if message.type == "TurnInfo"]
    assert [turn.sequence_id for turn in turns] == list(range(1, len(turns) + 1))
    changes = [(turn.event, turn.turn_index) for turn in turns if turn.event != "Update"]
    assert changes == [("StartOfTurn", 0), ("EagerEndOfTurn", 0), ("EndOfTurn", 0), ("StartOfTurn", 1), ("EndOfTurn", 1)]
    ends = [(turn.transcript, turn.trigger) for turn in turns if turn.event == "EndOfTurn"]
    assert ends == [("Call me tomorrow.", "model"), ("Thank you.", "manual")]


def test_refused_sockets(deepgram):
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        with deepgram_with("dg-wrong").listen.v1.connect(model="nova-3"):
            pass
    assert refused.value.response.status_code == 401 and refused.value.response.headers["dg-error"]
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        with deepgram.listen.v2.connect(model="nova-3", encoding="mulaw", sample_rate="8000"):
            pass
    assert refused.value.response.status_code == 400
