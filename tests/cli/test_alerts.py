"""Alerts: by mail, Slack and a signed webhook; once per change of state, from a running service."""

import hashlib
import hmac
import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from served import until
from test_guard import leave, ready
from world import started

SECRET = "a secret of two"


class Receiver:
    """What a webhook or Slack is told; `failing`: how many of the next are answered 500."""

    def __init__(self):
        self.told, self.failing = [], 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_failing, receiver.failing = receiver.failing > 0, max(0, receiver.failing - 1)
                if not is_failing:
                    receiver.told.append((dict(self.headers), body))
                self.send_response(500 if is_failing else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.close()


def ask(service, method, path, body=None):
    answer = service.admin(method, path, body)
    return answer.status, answer.json


def run(service):
    uid = service.admin.items("/api/v1/activations")[0]["uid"]
    return service.admin.ok("POST", f"/api/v1/activations/{uid}/run?wait=80", {})


def told(receiver):
    return [json.loads(body) for _, body in receiver.told]


def test_a_failure_and_its_end_are_told_once_each_and_signed(make_world, serve, receiver):
    world = started(make_world())
    service = serve(world, "--failures-before-rest", "1000")
    status, channel = ask(service, "POST", "/api/v1/alerts", {"name": "Ops", "kind": "webhook", "url": receiver.url, "secret": SECRET})
    assert status == 201 and channel["url"] == "stored" and channel["secret"] == "stored"
    key, world.double.api_key = world.double.api_key, "another"
    for _ in range(2):
        assert run(service)["report"]["status"] == "failed"
    until(lambda: told(receiver), "the failure")
    world.double.api_key = key
    assert run(service)["report"]["status"] == "completed"
    until(lambda: len(told(receiver)) == 2, "the recovery")
    run(service)
    first, second = told(receiver)
    assert (first["event"], first["trouble"], first["activation"]) == ("trouble", "failed", "Lapsed VIPs")
    assert first["cause"] and first["at"].endswith("Z")
    assert (second["event"], second["trouble"]) == ("recovery", "failed")
    headers, body = receiver.told[0]
    at, mac = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["X-Rollcall-Signature"]).groups()
    assert mac == hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert ask(service, "GET", f"/api/v1/alerts/{channel['uid']}")[1]["failure"] is None


def test_a_channel_that_fails_says_so_and_is_tried_again(make_world, serve, receiver):
    service = serve(make_world())
    receiver.failing = 1
    uid = ask(service, "POST", "/api/v1/alerts", {"name": "Chat", "kind": "slack", "url": receiver.url})[1]["uid"]
    status, result = ask(service, "POST", f"/api/v1/alerts/{uid}/test", {})
    assert status == 200 and not result["delivered"] and "500" in result["failure"]
    assert "500" in ask(service, "GET", f"/api/v1/alerts/{uid}")[1]["failure"]
    status, result = ask(service, "POST", f"/api/v1/alerts/{uid}/test", {})
    assert result["delivered"] and "Chat" in told(receiver)[0]["text"]
    assert ask(service, "GET", f"/api/v1/alerts/{uid}")[1]["failure"] is None


def test_the_guards_stop_is_told_with_its_remedy(make_world, serve, receiver):
    world = ready(make_world())
    service = serve(world)
    ask(service, "POST", "/api/v1/alerts", {"name": "Ops", "kind": "webhook", "url": receiver.url, "troubles": ["stopped"]})
    leave(world, range(1, 21))
    assert run(service)["report"]["status"] == "stopped"
    until(lambda: told(receiver), "the stop")
    assert told(receiver)[0]["trouble"] == "stopped" and told(receiver)[0]["remedy"]


def test_what_no_channel_can_be_is_refused_at_its_field(make_world, serve):
    service = serve(make_world())
    for body, pointer in [({"name": "", "kind": "webhook", "url": "http://x"}, "/name"), ({"name": "x", "kind": "fax"}, "/kind"),
                          ({"name": "x", "kind": "slack", "url": "ftp://x"}, "/url"), ({"name": "x", "kind": "email", "to": []}, "/to"),
                          ({"name": "x", "kind": "email", "to": ["a@b\r\nBcc: c@d"]}, "/to"),
                          ({"name": "x", "kind": "email", "to": ["a@b.c"], "troubles": ["all"]}, "/troubles")]:
        status, problem = ask(service, "POST", "/api/v1/alerts", body)
        assert (status, problem["pointer"]) == (422, pointer), problem


class Mailbox:
    """A mail server that wants STARTTLS and a password."""

    def __init__(self, folder):
        self.mails = []
        self.ca = folder / "mail.pem"
        key = folder / "mail.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.ca],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        mailbox = self

        class Handler:
            async def handle_DATA(self, _server, _session, envelope):
                mailbox.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
                return "250 taken"

        def authenticate(_server, _session, _envelope, _mechanism, data):
            return AuthResult(success=(data.login, data.password) == (b"rollcall", b"open sesame"), handled=False)

        with socket.create_server(("127.0.0.1", 0)) as free:  # its own start asks the port that it was given
            self.port = free.getsockname()[1]
        self.controller = Controller(Handler(), hostname="127.0.0.1", port=self.port, require_starttls=True, tls_context=context,
                                     authenticator=authenticate, auth_required=True, auth_require_tls=True)
        self.controller.start()

    def close(self):
        self.controller.stop()


@pytest.fixture
def mailbox(tmp_path):
    one = Mailbox(tmp_path)
    yield one
    one.close()


def test_mail_goes_by_starttls_with_a_password_to_everybody_of_the_channel(make_world, serve, mailbox):
    world = make_world()
    (world.folder / "password").write_text("open sesame\n")
    options = ["--smtp", f"smtp://localhost:{mailbox.port}", "--smtp-user", "rollcall", "--smtp-password-file", "password",
               "--smtp-ca", str(mailbox.ca), "--mail-from", "rollcall@example.com"]
    service = serve(world, *options)
    to = ["ann@example.com", "ben@example.com"]
    uid = ask(service, "POST", "/api/v1/alerts", {"name": "Über uns", "kind": "email", "to": to})[1]["uid"]
    assert ask(service, "POST", f"/api/v1/alerts/{uid}/test", {})[1] == {"delivered": True, "failure": None}
    recipients, mail = mailbox.mails[0]
    assert recipients == to and mail["To"] == ", ".join(to) and "Über uns" in mail["Subject"]
    assert "Nothing is wrong" in mail.get_content() and mail["Auto-Submitted"] == "auto-generated"


def test_a_wrong_password_is_named_and_told_nowhere(make_world, serve, mailbox):
    world = make_world()
    (world.folder / "password").write_text("open barley\n")
    service = serve(world, "--smtp", f"smtp://localhost:{mailbox.port}", "--smtp-user", "rollcall", "--smtp-password-file", "password",
                    "--smtp-ca", str(mailbox.ca), "--mail-from", "rollcall@example.com")
    uid = ask(service, "POST", "/api/v1/alerts", {"name": "Mail", "kind": "email", "to": ["ann@example.com"]})[1]["uid"]
    result = ask(service, "POST", f"/api/v1/alerts/{uid}/test", {})[1]
    assert not result["delivered"] and "password" in result["failure"] and "barley" not in result["failure"]


def test_mail_is_not_sent_to_a_server_that_nobody_vouches_for(make_world, serve, mailbox):
    service = serve(make_world(), "--smtp", f"smtp://localhost:{mailbox.port}", "--mail-from", "rollcall@example.com")
    uid = ask(service, "POST", "/api/v1/alerts", {"name": "Mail", "kind": "email", "to": ["ann@example.com"]})[1]["uid"]
    result = ask(service, "POST", f"/api/v1/alerts/{uid}/test", {})[1]
    assert not result["delivered"] and "smtp-ca" in result["failure"] and mailbox.mails == []
