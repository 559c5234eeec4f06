"""OpenAI's SDK against the simulator."""

import json
import time
from typing import Literal, Optional

import jsonschema
import openai as sdk
import pytest
from conftest import URL
from pydantic import BaseModel

MODEL = "gpt-4o-mini"


def user(text):
    return [{"role": "system", "content": "You are brief."}, {"role": "user", "content": text}]


def test_models(openai):
    assert {model.id for model in openai.models.list()} >= {MODEL, "gpt-4o"}
    assert openai.models.retrieve("gpt-4o").object == "model"
    with pytest.raises(sdk.NotFoundError) as refused:
        openai.models.retrieve("gpt-9")
    assert refused.value.code == "model_not_found"


def test_chat(openai):
    raw = openai.chat.completions.with_raw_response.create(model=MODEL, messages=user("say hello"))
    assert raw.headers["x-ratelimit-remaining-requests"].isdigit()
    answer = raw.parse()
    assert answer._request_id.startswith("req_")
    assert answer.model == "gpt-4o-mini-2024-07-18"
    assert answer.choices[0].message.content == "Hello from the simulator."
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_stream(openai):
    stream = openai.chat.completions.create(model=MODEL, messages=user("say hello"), stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello from the simulator."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 5
    assert len({chunk.id for chunk in chunks}) == 1


def test_stream_helper(openai):
    with openai.chat.completions.stream(model=MODEL, messages=user("say hello")) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == "Hello from the simulator."


def test_logprobs(openai):
    answer = openai.chat.completions.create(model=MODEL, messages=user("say hello"), logprobs=True, top_logprobs=3)
    tokens = answer.choices[0].logprobs.content
    assert bytes(byte for token in tokens for byte in token.bytes).decode() == "Hello from the simulator."
    assert all(len(token.top_logprobs) == 3 and token.logprob <= 0 for token in tokens)


class Verdict(BaseModel):
    interested: Optional[Literal["yes", "no"]]
    monthly_bill: Optional[float]
    summary: str


def test_structured_output(openai):
    answer = openai.chat.completions.parse(model=MODEL, messages=user("yes, about 120 dollars"), response_format=Verdict)
    verdict = answer.choices[0].message.parsed
    assert (verdict.interested, verdict.monthly_bill) == ("yes", 120)
    assert "120 dollars" in verdict.summary
    answer = openai.chat.completions.parse(model=MODEL, messages=user("hm"), response_format=Verdict)
    assert answer.choices[0].message.parsed.interested is None


def test_any_strict_schema_is_satisfied(openai):
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["kind", "when", "items", "next", "score", "code"],
        "$defs": {"item": {"type": "object", "additionalProperties": False, "required": ["name"], "properties": {"name": {"type": "string"}}}},
        "properties": {
            "kind": {"const": "note"},
            "when": {"type": "string", "format": "date-time"},
            "items": {"type": "array", "items": {"$ref": "#/$defs/item"}, "minItems": 2},
            "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
            "score": {"type": "integer", "minimum": 3, "maximum": 9},
            "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        },
    }
    form = {"type": "json_schema", "json_schema": {"name": "note", "strict": True, "schema": schema}}
    answer = openai.chat.completions.create(model=MODEL, messages=user("hm"), response_format=form)
    jsonschema.validate(json.loads(answer.choices[0].message.content), schema)


def test_a_loose_schema_is_refused(openai):
    form = {"type": "json_schema", "json_schema": {"name": "loose", "strict": True, "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    with pytest.raises(sdk.BadRequestError) as refused:
        openai.chat.completions.create(model=MODEL, messages=user("hm"), response_format=form)
    assert refused.value.param == "response_format" and "additionalProperties" in refused.value.message


def test_refusal_and_length(openai):
    refused = openai.chat.completions.create(model=MODEL, messages=user("something dangerous")).choices[0]
    assert refused.message.content is None and refused.message.refusal == "I can't help with that."
    cut = openai.chat.completions.create(model=MODEL, messages=user("say hello"), max_completion_tokens=2)
    assert (cut.choices[0].finish_reason, cut.usage.completion_tokens) == ("length", 2)


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "strict": True,
            "parameters": {"type": "object", "additionalProperties": False, "required": ["city"], "properties": {"city": {"type": "string"}}},
        },
    }
]


def test_tools(openai):
    messages = user("What is the weather in Paris?")
    first = openai.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0]
    assert first.finish_reason == "tool_calls" and first.message.content is None
    call = first.message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    second = openai.chat.completions.create(model=MODEL, messages=[*messages, first.message, result], tools=TOOLS)
    assert "sunny" in second.choices[0].message.content
    forced = openai.chat.completions.create(model=MODEL, messages=user("hm"), tools=TOOLS, tool_choice={"type": "function", "function": {"name": "get_weather"}})
    assert forced.choices[0].finish_reason == "stop" and forced.choices[0].message.tool_calls
    with pytest.raises(sdk.BadRequestError):
        openai.chat.completions.create(model=MODEL, messages=[*messages, first.message], tools=TOOLS)


def test_streamed_tool_call(openai):
    stream = openai.chat.completions.create(model=MODEL, messages=user("weather in Rome"), tools=TOOLS, stream=True)
    pieces = [piece for chunk in stream for piece in (chunk.choices[0].delta.tool_calls or [])]
    assert pieces[0].id.startswith("call_") and pieces[0].function.name == "get_weather"
    assert all(piece.index == 0 for piece in pieces) and all(piece.id is None for piece in pieces[1:])
    assert json.loads("".join(piece.function.arguments for piece in pieces)) == {"city": "Rome"}


def test_errors(openai):
    with pytest.raises(sdk.AuthenticationError) as refused:
        sdk.OpenAI(api_key="sk-wrong", base_url=f"{URL}/v1").models.list()
    assert refused.value.code == "invalid_api_key"
    with pytest.raises(sdk.APIError):
        for _ in openai.chat.completions.create(model=MODEL, messages=user("please break"), stream=True):
            pass
    retried = openai.chat.completions.create(model=MODEL, messages=user("too busy at first"))
    assert retried.choices[0].message.content, "the SDK honours retry-after-ms and tries again"


def line(custom_id, text):
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": {"model": MODEL, "messages": user(text)}})


def wait_for(openai, batch):
    until = time.monotonic() + 20
    while batch.status in ("validating", "in_progress", "finalizing", "cancelling") and time.monotonic() < until:
        time.sleep(0.02)
        batch = openai.batches.retrieve(batch.id)
    return batch


def test_files(openai):
    file = openai.files.create(file=("notes.jsonl", b"{}\n"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600})
    assert (file.bytes, file.filename, file.expires_at - file.created_at) == (3, "notes.jsonl", 3600)
    assert openai.files.content(file.id).read() == b"{}\n"
    others = [openai.files.create(file=(f"{n}.jsonl", b"{}"), purpose="batch").id for n in range(3)]
    listed = [one.id for one in openai.files.list(purpose="batch", limit=2)]
    assert listed[:3] == others[::-1] and file.id in listed, "newest first, over all pages"
    assert openai.files.delete(file.id).deleted
    with pytest.raises(sdk.NotFoundError):
        openai.files.retrieve(file.id)


def test_batches(openai):
    lines = [line(f"call-{n}", "say hello") for n in range(12)] + [line("bad-1", "say hello")]
    file = openai.files.create(file=("in.jsonl", "\n".join(lines).encode()), purpose="batch")
    made = openai.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"campaign": "c1"})
    assert made.status == "validating" and made.output_file_id is None
    done = wait_for(openai, made)
    assert done.status == "completed" and done.metadata == {"campaign": "c1"}
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (13, 12, 1)
    assert done.usage.total_tokens > 0 and done.completed_at >= done.created_at
    output = [json.loads(text) for text in openai.files.content(done.output_file_id).text.splitlines()]
    assert {one["custom_id"] for one in output} == {f"call-{n}" for n in range(12)}
    assert [one["custom_id"] for one in output] != [f"call-{n}" for n in range(12)], "in another order"
    assert all(one["response"]["body"]["choices"][0]["message"]["content"] == "Hello from the simulator." for one in output)
    errors = [json.loads(text) for text in openai.files.content(done.error_file_id).text.splitlines()]
    assert [(one["custom_id"], one["response"]["status_code"]) for one in errors] == [("bad-1", 400)]
    assert made.id in [batch.id for batch in openai.batches.list(limit=1)], "the SDK follows the pages"


def test_batches_that_fail_or_are_cancelled(openai):
    file = openai.files.create(file=("in.jsonl", f"{line('a', 'x')}\n{line('a', 'y')}\nnonsense".encode()), purpose="batch")
    failed = wait_for(openai, openai.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"))
    assert failed.status == "failed"
    assert [(error.code, error.line) for error in failed.errors.data] == [("duplicate_custom_id", 2), ("invalid_json_line", 3)]
    # they are answered one after another: some are left when the wish to cancel arrives
    many = "\n".join(line(f"n{n}", "x") for n in range(100))
    file = openai.files.create(file=("in.jsonl", many.encode()), purpose="batch")
    made = openai.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert openai.batches.cancel(made.id).status == "cancelling"
    cancelled = wait_for(openai, made)
    assert cancelled.status == "cancelled"
    left = openai.files.content(cancelled.error_file_id).text.splitlines()
    assert json.loads(left[-1])["error"]["code"] == "batch_cancelled"


def test_embeddings(openai):
    by_default = openai.embeddings.create(model="text-embedding-3-small", input=["call me later", "hello"], dimensions=16)
    floats = openai.embeddings.create(model="text-embedding-3-small", input=["call me later", "hello"], dimensions=16, encoding_format="float")
    assert [len(one.embedding) for one in by_default.data] == [16, 16]
    assert by_default.data[0].embedding == pytest.approx(floats.data[0].embedding)
    assert sum(x * x for x in by_default.data[1].embedding) == pytest.approx(1, abs=1e-4)


def test_speech(openai):
    with openai.audio.speech.with_streaming_response.create(model="gpt-4o-mini-tts", voice="coral", input="two words", response_format="pcm") as spoken:
        sound = b"".join(spoken.iter_bytes())
    assert len(sound) == 2 * 100 * 24 * 2
    assert openai.audio.speech.create(model="gpt-4o-mini-tts", voice="coral", input="two words", response_format="wav").read().startswith(b"RIFF")
    with pytest.raises(sdk.BadRequestError):
        openai.audio.speech.create(model="gpt-4o-mini-tts", voice="coral", input="two words")


def test_responses(openai):
    assert openai.responses.create(model=MODEL, instructions="Be brief.", input="say hello").output_text == "Hello from the simulator."
    verdict = openai.responses.parse(model=MODEL, input="yes, about 120 dollars", text_format=Verdict).output_parsed
    assert verdict.interested == "yes"
    tool = {"type": "function", **TOOLS[0]["function"]}
    call = openai.responses.create(model=MODEL, input="weather in Oslo", tools=[tool]).output[0]
    assert call.type == "function_call" and json.loads(call.arguments) == {"city": "Oslo"}
    with openai.responses.stream(model=MODEL, input="say hello") as stream:
        kinds = [event.type for event in stream]
        assert stream.get_final_response().output_text == "Hello from the simulator."
    assert kinds[0] == "response.created" and kinds[-1] == "response.completed"
