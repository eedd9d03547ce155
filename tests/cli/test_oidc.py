"""Signing in by an identity provider that others have written and certified: `oidc-provider`, over real sockets, without a browser."""

import html
import http.cookiejar
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from served import Caller

API = "/api/v1"
HERE = Path(__file__).parent / "oidc"
MODULES = os.environ.get("OIDC_PROVIDER")

pytestmark = pytest.mark.skipif(not MODULES or not shutil.which("node"), reason="the provider is not installed: ./dev test does it")


def free_port() -> int:
    """The provider knows the callback before the service listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Cookies, forms and redirects of one person."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(rfc2965=False))
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), Stays())

    def get(self, url, form=None):
        """(status, headers, text)."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            with self.opener.open(urllib.request.Request(url, data=data), timeout=60) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()

    def sign_in(self, service, login, until="/callback"):
        """Through the provider to the callback's answer; or to the address of the callback alone."""
        url, answer = f"http://127.0.0.1:{service.port}{API}/sign-in/provider", None
        for _ in range(20):
            if until is None and f"{API}/sign-in/provider/callback" in url:
                return url
            status, headers, text = answer = self.get(url)
            while "/interaction/" in url and status == 200:
                action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', text).group(1))
                prompt = re.search(r'name="prompt" value="([^"]+)"', text).group(1)
                url = urllib.parse.urljoin(url, action)
                status, headers, text = answer = self.get(url, {"prompt": prompt, "login": login, "password": "any"} if prompt == "login" else {"prompt": prompt})
            if status not in (302, 303):
                return answer
            url = urllib.parse.urljoin(url, headers["Location"])
        raise AssertionError(f"there is no end to it: {answer}")

    def caller(self, service) -> Caller:
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.jar if one.name == "rollcall")
        return Caller(service, {"Cookie": cookies} if cookies else {})


def started_provider(port, algorithm="RS256"):
    callback = f"http://127.0.0.1:{port}{API}/sign-in/provider/callback"
    process = subprocess.Popen([shutil.which("node"), HERE / "provider.mjs", callback, MODULES], stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"ALGORITHM": algorithm})
    for line in process.stdout:
        if said := re.fullmatch(r"listening on (\S+)\n", line):
            return process, said.group(1)
    raise AssertionError("the provider did not start")


@pytest.fixture
def with_provider(make_world, serve, tmp_path):
    ended = []

    def start(*options, algorithm="RS256"):
        port = free_port()
        process, issuer = started_provider(port, algorithm)
        ended.append(process)
        secret = tmp_path / "secret"
        secret.write_text("between the two of us\n")
        return serve(make_world(), "--oidc-issuer", issuer, "--oidc-client-id", "rollcall", "--oidc-client-secret-file", str(secret),
                     "--listen", f"127.0.0.1:{port}", *options, port=port)

    yield start
    for process in ended:
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_a_user_of_the_provider_is_the_user_of_that_email(with_provider, algorithm):
    service = with_provider("--oidc-name", "Example login", algorithm=algorithm)
    service.admin.ok("POST", f"{API}/users", {"email": "ada@example.com", "role": "editor"}, status=201)
    ways = service.nobody.ok("GET", f"{API}/sign-in")["single_sign_on"]
    assert ways == {"name": "Example login", "path": f"{API}/sign-in/provider"}
    browser = Browser()
    status, headers, text = browser.sign_in(service, "ada-1 Ada@example.com")
    assert status == 200 and "url=/" in text, text
    cookies = headers.get_all("Set-Cookie")
    assert any(one.startswith("rollcall=") and "SameSite=Strict" in one and "HttpOnly" in one for one in cookies), cookies
    session = browser.caller(service).ok("GET", f"{API}/session")
    assert (session["name"], session["role"]) == ("ada@example.com", "editor")
    assert session["csrf_token"]
    line = service.admin.ok("GET", f"{API}/log?action=signed_in")["items"][0]
    assert line["who"] == "ada@example.com"


def test_strangers_stay_out_unless_newcomers_have_a_role(with_provider):
    service = with_provider()
    status, _, text = Browser().sign_in(service, "eve-1 eve@example.com")
    assert status == 400 and "nobody here has the e-mail eve@example.com" in html.unescape(text)
    status, _, text = Browser().sign_in(service, "<script>alert(1)</script> eve@example.com")
    assert status == 400 and "<script>" not in text


def test_newcomers_come_with_the_role_of_the_setting_from_its_domains(with_provider):
    service = with_provider("--oidc-newcomers", "operator", "--oidc-domains", "example.com, example.org")
    browser = Browser()
    assert browser.sign_in(service, "ben-1 ben@example.org")[0] == 200
    assert browser.caller(service).ok("GET", f"{API}/session")["role"] == "operator"
    assert Browser().sign_in(service, "mal-1 mal@example.net")[0] == 400
    assert Browser().sign_in(service, "joe-1 joe@example.com unverified")[0] == 400
    # The e-mail has gone to somebody else.
    status, _, text = Browser().sign_in(service, "another ben@example.org")
    assert status == 400 and "somebody else" in text
    user, = [one for one in service.admin.items(f"{API}/users") if one["email"] == "ben@example.org"]
    service.admin.ok("PATCH", f"{API}/users/{user['uid']}", {"disabled": True})
    assert Browser().sign_in(service, "ben-1 ben@example.org")[0] == 400
    assert browser.caller(service).get(f"{API}/session").status == 401


def test_a_sign_in_ends_in_the_browser_that_began_it_and_once(with_provider):
    service = with_provider("--oidc-newcomers", "viewer")
    mallory, victim = Browser(), Browser()
    came = mallory.sign_in(service, "mal-1 mal@example.com", until=None)
    status, _, text = victim.get(came)
    assert status == 400 and "begun elsewhere" in text
    assert mallory.get(came)[0] == 200
    assert mallory.get(came)[0] == 400, "a code is of one sign-in"
    forged = came.replace("state=", "state=x")
    assert mallory.get(forged)[0] == 400
    denied = f"http://127.0.0.1:{service.port}{API}/sign-in/provider/callback?state=&error=access_denied"
    assert victim.get(denied)[0] == 400


def test_a_provider_that_is_away_is_said_and_a_password_still_works(make_world, serve):
    service = serve(make_world(), "--oidc-issuer", f"http://127.0.0.1:{free_port()}", "--oidc-client-id", "rollcall")
    status, _, text = Browser().get(f"http://127.0.0.1:{service.port}{API}/sign-in/provider")
    assert status == 400 and "out of reach" in text
    service.admin.ok("GET", f"{API}/users")
