"""The upgrade: the request to the byte, and every answer to it."""

import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest

from risp.reference_impl.action import WebSocketHandshakeError
from tests.scripted_server import TEXT, ScriptedServer, server_frame


def well(peer):
    peer.open()
    peer.until_closed()


def head_of(server):
    return server.peer.head.decode("latin-1").split("\r\n")


def test_the_request_is_written_to_the_byte_as_deployed_clients_do(skin):
    with ScriptedServer(well) as server:
        skin.stream(f"ws://127.0.0.1:{server.port}/a/b?x=1", api_key="k").open().close()
        assert head_of(server) == [
            "GET /a/b?x=1 HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {server.peer.header('Sec-WebSocket-Key')}",
            "Sec-WebSocket-Version: 13",
            "Authorization: Bearer k",
            "User-Agent: risp-client/1.0",
            "",
            "",
        ]


@pytest.mark.parametrize(
    ("query", "key", "ambient", "sent"),
    [
        ("", None, None, None),
        ("", None, "ambient", "Bearer ambient"),
        ("", "given", "ambient", "Bearer given"),
        ("", "", "ambient", None),
        ("?token=t", None, None, None),
        ("?token=t", None, "ambient", None),
        ("?token=t", "given", None, "Bearer given"),
        ("?token=", None, "ambient", "Bearer ambient"),
    ],
)
def test_which_key_is_sent(skin, monkeypatch, query, key, ambient, sent):
    if ambient:
        monkeypatch.setenv("RISP_API_KEY", ambient)
    with ScriptedServer(well) as server:
        skin.stream(server.url + query, api_key=key).open().close()
    assert server.peer.header("Authorization") == sent


@pytest.mark.parametrize("key", ["a\r\nX-Evil: 1", "é", "a b"])
def test_a_key_that_no_header_can_carry_is_refused(skin, key):
    with pytest.raises(ValueError, match="api_key"):
        skin.stream("ws://h", api_key=key)


def test_bytes_in_the_segment_of_the_101_are_kept(skin):
    ready = b'{"type":"session.ready","session_id":"sess_0123456789abcdef"}'

    def script(peer):
        peer.upgrade(early=server_frame(TEXT, ready))
        peer.until_closed()

    with ScriptedServer(script) as server, skin.stream(server.url) as stream:
        assert stream.session_id == "sess_0123456789abcdef"


@pytest.mark.parametrize(
    ("answer", "status", "line"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", 0, "SSH-2.0-OpenSSH_9.2"),
        (b"\x00\xff\x00", 0, "\x00\xff\x00"),
        (b"HTTP/1.1\r\n\r\n", 0, "HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "HTTP/1.1 200 OK"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", 301, "HTTP/1.1 301 Moved"),
        (b"HTTP/1.1 101\r\n\r\n", 101, "HTTP/1.1 101"),
    ],
)
def test_an_answer_that_is_no_websocket_ends_the_opening_at_once(skin, answer, status, line):
    def script(peer):
        peer.read_head()
        peer.raw(answer)
        peer.until_gone()

    with ScriptedServer(script) as server:
        stream = skin.stream(server.url, connect_retry_seconds=60)
        with pytest.raises(WebSocketHandshakeError) as caught:
            stream.open()
    assert (caught.value.status_code, caught.value.status_line) == (status, line)


@pytest.mark.parametrize(
    ("replaced", "reason"),
    [
        ({"Sec_WebSocket_Accept": "x"}, "a wrong `Sec-WebSocket-Accept`"),
        ({"Upgrade": "h2c"}, "no `Upgrade: websocket`"),
        ({"Connection": "close"}, "no `Connection: Upgrade`"),
        (
            {"Sec_WebSocket_Extensions": "permessage-deflate"},
            "`Sec-WebSocket-Extensions`, which was not offered",
        ),
        (
            {"Sec_WebSocket_Protocol": "risp.v1.json"},
            "`Sec-WebSocket-Protocol`, which was not offered",
        ),
    ],
)
def test_an_acceptance_that_does_not_fit_the_request_is_refused(skin, replaced, reason):
    def script(peer):
        peer.upgrade(**replaced)
        peer.until_gone()

    with ScriptedServer(script) as server:
        stream = skin.stream(server.url, connect_retry_seconds=60)
        with pytest.raises(WebSocketHandshakeError) as caught:
            stream.open()
    assert (caught.value.status_code, caught.value.reason) == (101, reason)


def test_a_refusal_tells_why(skin):
    def script(peer):
        peer.refuse(401, {"WWW-Authenticate": "Bearer"}, b'{"code":"bad_key","detail":"No."}')
        peer.until_gone()

    with ScriptedServer(script) as server, pytest.raises(WebSocketHandshakeError) as caught:
        skin.stream(server.url).open()
    assert str(caught.value) == "HTTP/1.1 401 Refused (bad_key: No.)"


def test_the_body_of_a_refusal_is_waited_for_in_vain_no_longer_than_a_moment(skin):
    def script(peer):
        peer.refuse(401, {"Content-Length": "40"}, b'{"code":')
        peer.until_gone()

    with ScriptedServer(script) as server:
        began = time.monotonic()
        with pytest.raises(WebSocketHandshakeError) as caught:
            skin.stream(server.url).open()
        assert time.monotonic() - began < 2
    assert str(caught.value) == "HTTP/1.1 401 Refused"


def test_tls_is_spoken_and_timed(skin, need, tmp_path, monkeypatch):
    need("cryptography", "makes a certificate")
    certificate = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ScriptedServer(well, tls=context) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with skin.stream(server.url) as stream:
            assert stream.open_timing["tls_ms"] > 0


def test_a_certificate_that_nobody_trusts_ends_the_opening_at_once(skin, need, tmp_path):
    need("cryptography", "makes a certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(tmp_path))
    server = ScriptedServer(lambda peer: None, tls=context)
    with server:
        stream = skin.stream(server.url, connect_retry_seconds=60)
        with pytest.raises(ssl.SSLCertVerificationError):
            stream.open()
        server.wait()
        # The alert that the client sent is all that the server saw.
        assert isinstance(server.errors.pop(), ssl.SSLError)


def write_certificate(folder):
    """A key and a certificate for 127.0.0.1, signed by itself, in one file."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(encoding))
    return path
