"""No secret is committed, and the patterns find those that they are for."""

import subprocess

import pytest

from tests.support import secret_patterns
from tests.support.template import ROOT

# In parts, so that this file holds none.
SAMPLES = {
    "access key": ["AKIA" + "IOSFODNN7EXAMPLE", "ASIA" + "0123456789ABCDEF"],
    "presigned link": ["https://b.s3.amazonaws.com/k?X-Amz-" + "Signature=00ff", "x-amz-" + "security-token=abc"],
    "private key": ["-----BEGIN " + "RSA PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY-----"],
    "secret key or token by name": [
        "AWS_SECRET_ACCESS_" + "KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCY",
        '"SessionTo' + 'ken": "IQoJb3JpZ2luX2VjEXAMPLEEXAMPLE"',
    ],
    "token of a service": ["ghp_" + "a1" * 18, "npm_" + "b2" * 18],
}


@pytest.mark.parametrize("kind", secret_patterns.PATTERNS)
def test_a_pattern_finds_what_it_is_for(kind):
    for sample in SAMPLES[kind]:
        assert kind in secret_patterns.found(f"before {sample} after"), sample


@pytest.mark.parametrize(
    "text", ["AKIA", "aws_secret_access_key: laptop", "X-Amz-Date", "sha256:ASIAxyz", "session_token: str = field()"]
)
def test_what_only_resembles_a_secret_is_none(text):
    assert secret_patterns.found(text) == []


def test_nothing_committed_holds_a_secret():
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    assert len(files) > 100
    holding = {
        str(file.relative_to(ROOT)): kinds
        for file in files
        if file.is_file() and (kinds := secret_patterns.found(file.read_text(errors="replace")))
    }
    assert holding == {}
