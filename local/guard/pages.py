"""What no web page can avoid to send: by it a page in the developer's browser is told from a program.

Fetch Metadata, w3c.github.io/webappsec-fetch-metadata: a browser says Sec-Fetch-Site with each request, and `none` only
where a person typed the address or followed a bookmark. A page can neither set nor omit it, nor Origin, nor Host.
"""

from collections.abc import Collection

from local.guard.request import Refused, Request


def hosts(port: int) -> list[str]:
    """What clients call this cloud; they leave out the port 80, which is HTTP's own."""
    names = ["127.0.0.1", "localhost"]
    return [f"{name}:{port}" for name in names] + (names if port == 80 else [])


def refuse(request: Request, hosts: Collection[str]) -> None:
    """Raise Refused for what a web page sends."""
    if len(named := request.values("host")) != 1 or named[0].lower() not in hosts:
        raise Refused("AccessDenied", f"The laptop cloud answers to {' and '.join(sorted(hosts))} only")
    if request.values("origin"):
        raise Refused("AccessDenied", "The laptop cloud answers no web page: the request has an Origin")
    if any(site.strip().lower() != "none" for site in request.values("sec-fetch-site")):
        raise Refused("AccessDenied", "The laptop cloud answers no web page; type or paste the link into a new tab")
    if request.method == "OPTIONS":
        raise Refused("AccessDenied", "The laptop cloud answers no preflight")
