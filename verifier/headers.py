"""Every answer, errors included, carries the headers that keep a browser from running, framing or leaking it."""

from __future__ import annotations

from flask import Response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in PERMISSIONS),
}
CAMERA_PERMISSIONS = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
WASM_POLICY = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
TRANSPORT = "max-age=31536000"
PUBLIC = "public, max-age=300"
"""Signed files: five minutes are less than anybody notices, and a revocation is not held back longer."""
STATIC = "public, max-age=2592000"
"""Style sheet, scripts and fonts, a month: an address changes with its content, a font never does."""
NEWEST = "no-cache"
"""The service worker: kept, and asked for again each time."""


def protect(response: Response, *, https: bool) -> Response:
    """The headers of every route; what a view has set about caching, sharing and the camera stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if https:
        response.headers["Strict-Transport-Security"] = TRANSPORT
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    response.headers.setdefault("Cache-Control", "no-store")
    if "no-store" in response.headers["Cache-Control"]:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def allow_camera(response: Response, *, wasm: bool) -> Response:
    """The first page alone may use the camera, and compile what reads codes in its picture where that is here."""
    response.headers["Permissions-Policy"] = CAMERA_PERMISSIONS
    if wasm:
        response.headers["Content-Security-Policy"] = WASM_POLICY
    return response


def spoken(response: Response, language: str) -> Response:
    """An answer with sentences in `language`, which another reader gets in another one."""
    response.headers["Content-Language"] = language
    response.vary.add("Accept-Language")
    return response


def share(response: Response) -> None:
    """A signed, public file: cached by anybody, and readable by other people's verifiers in a browser."""
    response.headers["Cache-Control"] = PUBLIC
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
