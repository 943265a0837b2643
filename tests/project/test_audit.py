"""The dependency audit fails unless every package was audited; pip-audit and npm are scripts here."""

import json

import pytest

from tools import audit

LOCK = """requests==2.32.0 \\
    --hash=sha256:00
Typing_Extensions==4.1.0 ; python_version >= "3.0" \\
    --hash=sha256:01
pywin32==311 ; sys_platform == "win32" \\
    --hash=sha256:02
"""
CLEAN = [
    {"name": "requests", "version": "2.32.0", "vulns": []},
    {"name": "typing-extensions", "version": "4.1.0", "vulns": []},
]
KNOWN = [{**CLEAN[0], "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.33.0"]}]}, CLEAN[1]]
SKIPPED = [{"name": "requests", "skip_reason": "Dependency not found on PyPI and could not be audited"}, CLEAN[1]]
NOTHING_FOUND = {"metadata": {"vulnerabilities": {"low": 0, "high": 0, "total": 0}}}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """project(pip_audit, npm): what each of them prints, and its exit code."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "layers").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text(LOCK)
    monkeypatch.setattr(audit, "ROOT", tmp_path)

    def scripts(pip_audit=({"dependencies": CLEAN}, 0), npm=(NOTHING_FOUND, 0)):
        for name, (printed, code) in {"PIP_AUDIT": pip_audit, "NPM": npm}.items():
            script = tmp_path / name
            answer = printed if isinstance(printed, str) else json.dumps(printed)
            script.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit {code}\n")
            script.chmod(0o755)
            monkeypatch.setattr(audit, name, script)
        return audit.main()

    return scripts


def test_a_whole_audit_without_advisories_passes(project, capsys):
    assert project() == 0
    assert "no advisory is known" in capsys.readouterr().out


def test_a_known_advisory_fails(project, capsys):
    assert project(pip_audit=({"dependencies": KNOWN}, 1)) == 1
    assert capsys.readouterr().out == "requirements/dev.txt: requests 2.32.0: PYSEC-2026-1\n"


@pytest.mark.parametrize(
    "answer",
    [("", 0), ("", 1), ("No known vulnerabilities found", 0), ({"dependencies": []}, 0), ({"dependencies": SKIPPED}, 0),
     ({"dependencies": CLEAN}, 1), ({"fixes": []}, 0)],
)  # fmt: skip
def test_an_audit_that_did_not_reach_every_package_fails(project, capsys, answer):
    assert project(pip_audit=answer) == 1
    assert capsys.readouterr().out.startswith("requirements/dev.txt: ")


@pytest.mark.parametrize("answer", [("", 0), ({"error": {"code": "ENOTFOUND"}}, 1), (NOTHING_FOUND, 1), ("ok", 0)])
def test_an_npm_that_could_not_audit_fails(project, capsys, answer):
    assert project(npm=answer) == 1
    assert capsys.readouterr().out.startswith("package-lock.json: not audited")


def test_an_advisory_that_npm_knows_fails(project, capsys):
    assert project(npm=({"metadata": {"vulnerabilities": {"low": 0, "high": 2, "total": 2}}}, 1)) == 1
    assert capsys.readouterr().out == "package-lock.json: 2 of severity high\n"


def test_only_what_this_machine_installs_is_expected(tmp_path):
    (tmp_path / "dev.txt").write_text(LOCK)
    assert audit.expected(tmp_path / "dev.txt") == {"requests", "typing-extensions"}
