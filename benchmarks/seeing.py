"""Knows a model that compares statements with drawn clips: shapes-vlm tells what is in each picture, and rules read the
statements and compare. It sees with real, sometimes mistaken eyes, and understands without fault.

    with served() as url: …

is its address: an OpenAI-like server on loopback, in this process.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from framescribe.demo.scenes import Statement, parse_statement, summarise
from framescribe.demo.truth import holds
from framescribe.engines.presets import builtin_folder
from framescribe.prompts import load


class Seeing:
    """What shapes-vlm tells of pictures, each asked about once."""

    def __init__(self) -> None:
        folder = builtin_folder("shapes-vlm")
        self._processor = AutoProcessor.from_pretrained(folder)
        self._model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
        self._known: dict[bytes, Statement] = {}
        self._one = threading.Lock()

    def clip(self, pictures: Sequence[bytes]) -> Statement:
        """What happens from the first to the last of these pictures, as files."""
        with self._one:
            return summarise([self._picture(picture) for picture in pictures])

    def _picture(self, data: bytes) -> Statement:
        key = hashlib.sha256(data).digest()
        if key not in self._known:
            text = {"type": "text", "text": load("default", "frame")}
            chat = self._processor.apply_chat_template(
                [{"role": "user", "content": [{"type": "image"}, text]}], add_generation_prompt=True
            )
            image = Image.open(io.BytesIO(data)).convert("RGB")
            inputs = self._processor(images=[image], text=chat, return_tensors="pt")
            with torch.inference_mode():
                output = self._model.generate(**inputs)
            said = self._processor.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
            self._known[key] = parse_statement(said)
        return self._known[key]

    def answer(self, body: Mapping[str, Any]) -> str:
        """To framescribe's prompts "verify" and "sentence"."""
        parts = body["messages"][-1]["content"]
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        seen = self.clip([base64.b64decode(url.partition(",")[2]) for url in urls])
        asked = " ".join(part["text"] for part in parts if part["type"] == "text")
        if "Here are statements" not in asked:
            return seen.sentence()
        answers = []
        for number, sentence in re.findall(r"^(\d+)\. (.*)$", asked, re.MULTILINE):
            true = holds(sentence, seen)
            said = "cannot tell" if true is None else "yes" if true else "no"
            answers.append({"claim": int(number), "answer": said, "frames": [1, len(urls)]})
        return json.dumps({"answers": answers})


@contextmanager
def served() -> Iterator[str]:
    """The URL of such a model."""
    seeing = Seeing()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send({"object": "list", "data": [{"id": "seeing", "object": "model"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            message = {"role": "assistant", "content": seeing.answer(body)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            about = {"id": "chatcmpl-0", "object": "chat.completion", "created": int(time.time()), "model": "seeing"}
            self._send({**about, "choices": [choice], "usage": usage})

        def _send(self, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
