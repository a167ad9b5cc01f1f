"""How a server is reached: proxies, certificates, https or http, and URLs as people write them."""

import asyncio
import datetime
import http.server
import logging
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.transport.connection import is_this_machine, url_of
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import RunError, UserError
from framescribe.records import EncodedImage
from tests.servers import ScriptedServer, answers, says

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in (*PROXIES, "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def ask(url, **options):
    request = ChatRequest(messages=(Message(role="user", parts=(TextPart("what?"),)),), decoding=Decoding())

    async def main():
        engine = OpenAIEngine(**{"model": "tiny", "base_url": url, "timeout": 5, "patience": 1, **options})
        await engine.open()
        try:
            return (await engine.complete(request)).text
        finally:
            await engine.close()

    return asyncio.run(main())


def refused(url, **options):
    with pytest.raises(UserError) as caught:
        ask(url, **options)
    text = str(caught.value)
    assert len(text.splitlines()) <= 2
    return text


# ------------------------------------------------------------------------------------------ proxies


class Proxy:
    """A proxy that answers everything itself, and counts."""

    def __init__(self):
        self.seen = []
        seen = self.seen

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.path)
                self.send_error(502, "this is the proxy")

            do_POST = do_CONNECT = do_GET  # noqa: N815

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_stands_before_this_machine(name, host, monkeypatch):
    with Proxy() as proxy, ScriptedServer(says("direct")) as server:
        monkeypatch.setenv(name, proxy.url)
        assert ask(f"http://{host}:{server.port}/v1") == "direct"
        assert proxy.seen == []


def test_a_proxy_stands_before_other_hosts_unless_no_proxy_names_them(monkeypatch):
    with Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert "502" in refused("http://models.example.test/v1")
        assert proxy.seen
        proxy.seen.clear()
        monkeypatch.setenv("NO_PROXY", "example.test")
        assert "the name models.example.test is not known" in refused("http://models.example.test/v1")
        assert proxy.seen == []


def test_a_proxy_that_is_not_there_is_named(monkeypatch):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{reserved.getsockname()[1]}")
        assert "the proxy that HTTP_PROXY" in refused("http://models.example.test/v1")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "model.localhost"])
def test_what_is_this_machine(host):
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "example.org", "localhost.example.org", "1270.0.0.1", "fe80::1", ""])
def test_what_is_not_this_machine(host):
    assert not is_this_machine(host)


# ------------------------------------------------------------------------------------------ https


@contextmanager
def secure(folder):
    """The port of a server on loopback whose certificate it signed itself, and the certificate's file."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def _send(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self._send(b'{"data": [{"id": "tiny"}]}')

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(b'{"choices": [{"finish_reason": "stop", "message": {"content": "in secret"}}]}')

        def log_message(self, *words):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, file
    finally:
        server.shutdown()
        server.server_close()


def test_a_certificate_of_ones_own_is_said_and_can_be_trusted(tmp_path, monkeypatch):
    with secure(tmp_path) as (port, file):
        text = refused(f"https://localhost:{port}/v1")
        assert "self-signed certificate" in text
        assert "SSL_CERT_FILE" in text
        assert "Operation not permitted" not in text
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert ask(f"https://localhost:{port}/v1") == "in secret"


@pytest.mark.parametrize("size", [10, 200_000])
def test_over_tls_requests_of_every_size_are_sent_whole(size, tmp_path, monkeypatch):
    parts = (ImagePart(EncodedImage(bytes(size), "jpeg")), TextPart("what?"))
    request = ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding())

    async def main(url):
        engine = OpenAIEngine(model="tiny", base_url=url, timeout=30)
        await engine.open()
        try:
            await asyncio.gather(*(engine.complete(request) for _ in range(8)))
            return engine.loads()[0].failed_tries
        finally:
            await engine.close()

    with secure(tmp_path) as (port, file):
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert asyncio.run(main(f"https://localhost:{port}/v1")) == 0


def test_a_certificate_for_another_host_is_said(tmp_path, monkeypatch):
    with secure(tmp_path) as (port, file):
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert "certificate is not valid for '127.0.0.1'" in refused(f"https://127.0.0.1:{port}/v1")


def test_https_to_a_server_that_speaks_http_is_said():
    with ScriptedServer() as server:
        text = refused(server.url.replace("http://", "https://"))
        assert "no secure connection" in text
        assert "http://" in text.splitlines()[1]


def test_http_to_a_server_that_speaks_https_is_said(tmp_path):
    with secure(tmp_path) as (port, _):
        assert "https" in refused(f"http://localhost:{port}/v1")
    plain = answers(400, "<html><h1>400 The plain HTTP request was sent to HTTPS port</h1></html>")
    with ScriptedServer(models=plain) as server:  # nginx
        assert "Write the URL with https://" in refused(server.url)


def test_a_host_that_is_not_known_is_said():
    assert "the name no-such-host.invalid is not known" in refused("http://no-such-host.invalid/v1")


# ------------------------------------------------------------------------------------------ URLs


@pytest.mark.parametrize(
    "written",
    ["/v1", "/v1/", "/v1//", "/v1/chat/completions", "/v1/chat/completions/", "/v1/v1", "/v1/models", "/v1/v1/models/"],
)
def test_a_url_is_understood_as_people_write_it(written):
    with ScriptedServer(says("here")) as server:
        assert ask(server.root + written) == "here"
        assert ask(f" {server.root}{written} ") == "here"


@pytest.mark.parametrize(
    "url",
    [
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://mine.openai.azure.com/openai/deployments/m?api-version=2024-10-21",
        "https://api.perplexity.ai",
        "http://host/my/v1/proxy/v2",
    ],
)
def test_a_url_that_needs_no_change_gets_none(url):
    assert url_of(url) == url


@pytest.mark.parametrize("url", ["http://host:port/v1", "http://[::1/v1", "http://:8000/v1", "htp://host/v1"])
def test_a_url_that_is_none_is_said(url):
    assert "http://localhost:8000/v1" in refused(url)


@pytest.mark.parametrize(
    "elsewhere",
    [
        answers(404, "not found"),
        answers(200, {"error": "Unexpected endpoint or method. (GET /models)"}),  # LM Studio
        answers(200, "<html>a web page</html>"),  # Open WebUI and other front ends
        answers(405, "no"),
    ],
)
def test_a_url_without_its_v1_is_said(elsewhere):
    with ScriptedServer(others=elsewhere) as server:
        assert f"Write --base-url {server.url}" in refused(server.root)
        assert server.requests == []


@pytest.mark.parametrize(
    "act",
    [
        answers(400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.",
                                 "details": [{"reason": "API_KEY_INVALID"}]}}]),
        answers(401, {"message": "Unauthorized"}),
        answers(403, {"error": {"message": "Invalid API key"}}),
    ],
)  # fmt: skip
def test_a_wrong_key_is_said_before_the_run_in_any_status(act, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "a-wrong-one")
    with ScriptedServer(models=act) as server:
        assert "does not accept the key in OPENAI_API_KEY" in refused(server.url)
    with ScriptedServer(act) as server, pytest.raises(RunError, match="does not accept the key"):
        ask(server.url)


def test_a_list_of_models_that_is_called_text_is_one():
    body = '{"object": "list", "data": [{"id": "tiny"}]}'
    with ScriptedServer(says("here"), models=answers(200, body)) as server:  # sglang-router
        assert ask(server.url, model=None) == "here"


def test_a_key_in_the_urls_query_is_in_no_message(caplog):
    caplog.set_level(logging.DEBUG, "framescribe")
    echo = answers(402, {"error": {"message": "no credit left for key=marker-5ecret"}})
    with ScriptedServer(echo) as server, pytest.raises(RunError) as caught:
        ask(f"{server.url}?key=marker-5ecret&api-version=2024-10-21")
    assert "marker-5ecret" not in str(caught.value) + caplog.text
    assert server.queries[0]["key"] == "marker-5ecret"
