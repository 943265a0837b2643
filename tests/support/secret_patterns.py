"""What must stand in no log, table, message or file: keys, tokens and links that open something."""

import re

PATTERNS = {
    "access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "presigned link": re.compile(r"X-Amz-(?:Signature|Credential|Security-Token)=", re.IGNORECASE),
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "secret key or token by name": re.compile(
        r"(?:aws_?)?(?:secret_?access_?key|session_?token)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+=]{20,}", re.IGNORECASE
    ),
    "token of a service": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|npm_\w{36}|xox[abprs]-[\w-]{10,}|pypi-\w{50,})\b"
    ),
}


def found(text: str) -> list[str]:
    """The kinds of secrets in a text."""
    return [kind for kind, pattern in PATTERNS.items() if pattern.search(text)]
