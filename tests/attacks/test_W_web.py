"""Attacks W on headers, addresses and what is left in (attacks.md, Web)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.served import Served
from tests.world import SITE
from verifier import web
from verifier.files import static_files
from verifier.headers import CONTENT_SECURITY_POLICY
from verifier.parts import SCANNER, SCANNER_WASM
from verifier.report import Verdict
from verifier.web import Settings

ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",
}
PRIVATE = ALWAYS | {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
CAMERA = ALWAYS["Permissions-Policy"].replace("camera=()", "camera=(self)")
HOME = PRIVATE | {"Permissions-Policy": CAMERA}
SHARED = ALWAYS | {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
}
PAGE = ALWAYS | {"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "public, max-age=300"}
STATIC = PAGE | {"Cache-Control": "public, max-age=2592000"}
OF_THE_BODY = set("Content-Type Content-Language Content-Length ETag Vary Allow Handseal-Verdict Date".split())
OF_THE_ASKER = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


def rest_of_headers(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_BODY | OF_THE_ASKER}


def without_wasm(answer: Any) -> dict[str, str]:
    """What reads codes may be here or not: the first page's policy is as strict but for it."""
    headers = rest_of_headers(answer)
    policy = headers["Content-Security-Policy"].replace(" 'wasm-unsafe-eval'", "")
    return headers | {"Content-Security-Policy": policy}


def test_W02_every_route_and_error_has_exactly_these_headers(
    served: Served, client: FlaskClient, lookups: dict[Verdict, str]
) -> None:
    token = client.get(f"/c/{lookups[Verdict.VALID]}.jwt").data
    broken = served.failing_client()
    small = served.app(settings=Settings(SITE, max_upload=100)).test_client()
    private = [
        (200, client.get("/bulk")),
        *((200, client.get(f"/c/{lookup}")) for lookup in lookups.values()),
        (200, client.get(f"/c/{lookups[Verdict.VALID]}", headers={"Accept": "application/json"})),
        (200, client.get(f"/c/{lookups[Verdict.VALID]}.jwt")),
        (200, client.head(f"/c/{lookups[Verdict.VALID]}")),
        (200, client.post("/api/verify", json={"credential": token.decode()})),
        (200, client.post("/", data={"text": token.decode()})),
        (200, client.get("/healthz")),
        (400, client.post("/api/verify", json={})),
        (404, client.get(f"/c/{'0' * 26}")),
        (404, client.get("/nothing")),
        (404, client.get("/orgs/nobody.json")),
        (404, client.get("/static/nothing.css")),
        (405, client.delete("/")),
        (405, client.get("/api/verify")),
        (413, small.post("/api/verify", json={"credential": "a" * 200})),
        (413, small.post("/", data={"file": (io.BytesIO(b"a" * 200), "a.pdf")})),
        (415, client.post("/api/verify")),
        (500, broken.get(f"/c/{lookups[Verdict.VALID]}")),
        (500, broken.get("/healthz")),
    ]
    for status, answer in ((200, client.get("/")), (400, client.post("/", data={}))):
        assert (answer.status_code, without_wasm(answer)) == (status, HOME)
    for status, answer in private:
        assert (answer.status_code, rest_of_headers(answer)) == (status, PRIVATE), answer.request.path
    for address in (
        "/trust/targets",
        "/status/river-clinic/revocation/1",
        "/programmes/deep-tissue-foundations/1.json",
    ):
        assert rest_of_headers(client.get(address)) == SHARED
    assert rest_of_headers(client.get("/programmes/deep-tissue-foundations/1")) == PAGE
    assert rest_of_headers(client.get("/static/page.css")) == STATIC


@pytest.mark.parametrize("here", [True, False])
def test_W02_wasm_is_for_the_first_page_alone_and_only_where_it_is_used(
    served: Served, lookups: dict[Verdict, str], monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    plain = {name: data for name, data in static_files().items() if not name.startswith("vendor/")}
    vendor = {SCANNER: b"// reads codes", SCANNER_WASM: b"\0asm"} if here else {}
    monkeypatch.setattr(web, "static_files", lambda: plain | vendor)
    client = served.app().test_client()
    home = client.get("/")
    assert ("'wasm-unsafe-eval'" in home.headers["Content-Security-Policy"]) is here
    assert ("data-scanner" in home.text) is here
    assert client.get(f"/static/{SCANNER_WASM}").status_code == (200 if here else 404)
    for answer in (client.get(f"/c/{lookups[Verdict.VALID]}"), client.post("/", data={"text": "a.b.c" * 30})):
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert "camera=()" in answer.headers["Permissions-Policy"]


def test_W02_no_transport_promise_on_loopback(served: Served) -> None:
    answer = served.app(settings=Settings("http://127.0.0.1:8000")).test_client().get("/")
    assert "Strict-Transport-Security" not in answer.headers


def test_W08_results_are_never_stored_and_lists_are(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    lookup = lookups[Verdict.VALID]
    for address in (f"/c/{lookup}", f"/c/{lookup}.jwt"):
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
        assert "Accept" in answer.headers["Vary"]
    answer = client.get("/status/river-clinic/revocation/1")
    assert answer.headers["Cache-Control"].startswith("public")
    assert answer.headers["ETag"]


def test_W03_links_come_from_the_configuration_alone(client: FlaskClient, lookups: dict[Verdict, str]) -> None:
    poisoned = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Prefix": "/evil.example",
        "X-Original-URL": "/evil.example",
        "Forwarded": "host=evil.example;proto=gopher",
    }
    lookup = lookups[Verdict.VALID]
    for address in ("/", f"/c/{lookup}", "/nothing", "/programmes/deep-tissue-foundations/1"):
        for accept in ("text/html", "application/json"):
            plain = client.get(address, headers={"Accept": accept})
            answer = client.get(address, headers=poisoned | {"Accept": accept})
            assert (answer.status_code, answer.data) == (plain.status_code, plain.data)
            assert "evil" not in str(answer.headers)


def test_W04_line_breaks_and_foreign_letters_stay_out_of_headers(served: Served, client: FlaskClient) -> None:
    for text in ("%0d%0aSet-Cookie:%20a=b", "%E2%80%A8", "ＡＢＣ", "%F0%9F%98%80", "a%0d%0a%0d%0a<b>", "%ff%fe"):
        answer = client.get(f"/c/{text}")
        assert answer.status_code == 404
        assert rest_of_headers(answer) == PRIVATE
    token = served.issue(Verdict.VALID)
    for name in ("a\r\nSet-Cookie: a=b.pdf", "../../etc/passwd", "ชื่อ.pdf", '"><script>.pdf'):
        start = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        body = start + token + b"\r\n--x--\r\n"
        answer = client.post("/api/verify", data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code in (200, 400)  # a broken name may break its part
        assert rest_of_headers(answer) == PRIVATE
        assert name.encode() not in answer.data
        assert answer.get_json().get("source", "file") == "file"
    answer = client.get("/", headers={"Accept": "text/html;q=\u00e9", "Accept-Language": "\u00ff" * 500})
    assert answer.status_code == 200


def test_W10_paths_never_leave_the_site(client: FlaskClient, served: Served) -> None:
    (served.published.folder.parent / "secret.json").write_text("{}")
    (served.published.folder / "orgs").mkdir(exist_ok=True)
    (served.published.folder / "orgs/.hidden.json").write_text("{}")
    paths = (
        "/c/../../etc/passwd",
        "/c/..%2f..%2fetc%2fpasswd",
        "/c/%2e%2e/%2e%2e/etc/passwd",
        "/c/00/" + "0" * 26 + ".jwt",
        "/c/%00",
        "/c/" + "0" * 26 + "%00.jwt",
        "/c/%c0%ae%c0%ae%c0%af",
        "/orgs/../secret.json",
        "/orgs/..%2fsecret.json",
        "/orgs/.hidden.json",
        "/orgs/.hidden",
        "/orgs/%2e%2e%2fsecret",
        "/orgs//river-clinic.json",
        "/orgs/river-clinic%00.json",
        "/orgs/river-clinic\n.json",
        "/status/river-clinic/revocation/1/../../../trust/targets.json",
        "/trust/..%5c..%5csecret.json",
        "/static/../base.html",
        "/static/..%2fweb%2fbase.html",
        "/static/fonts/README.md",
        "/programmes/..%2f..%2fsecret/1",
        "/programmes/deep-tissue-foundations/1%2f..%2f2",
        "//etc/passwd",
        "/c/" + "A" * 100_000,
        "/orgs/" + "a" * 100_000,
        "/" + "a/" * 10_000,
    )
    for path in paths:
        answer = client.get(path)
        assert answer.status_code in (400, 404), path[:60]
        assert b"root:" not in answer.data


def test_W11_nothing_of_a_workshop_is_left_in(served: Served) -> None:
    app = served.app()
    assert not app.debug
    assert not app.testing
    assert app.secret_key is None
    for address in ("/console", "/?__debugger__=yes&cmd=resource&f=style.css", "/debug", "/.env", "/.git/config"):
        answer = app.test_client().get(address)
        assert "Set-Cookie" not in answer.headers
        assert not any(word in str(answer.headers) + answer.text for word in ("Werkzeug", "debugger", "Flask"))
