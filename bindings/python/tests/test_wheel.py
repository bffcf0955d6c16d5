"""The wheel as a person gets it: from nothing, without this folder, without a path."""

import subprocess
import sys
import venv

import example
import pytest

# What an editor and mypy must know of a call, and must say of a wrong one.
TYPED = """
import tabara

async def count(phone: tabara.FocalPoint) -> int:
    report = await phone.sync(None)
    return report.accepted
"""
WRONG = TYPED + """
def mistake(phone: tabara.FocalPoint) -> str:
    return phone.start("returnee_screening").page().questions[0].choices
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, wheel):
    """A Python that has the wheel and nothing else, not even pip."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    words = ["-m", "pip", "--python", folder / "bin" / "python", "install", "-q", "--no-index", "--no-deps", wheel]
    subprocess.run([sys.executable, *words], check=True)
    return folder / "bin" / "python"


def test_a_fresh_python_with_the_wheel_plays_the_journey_without_any_path(fresh, deployment, tmp_path):
    (tmp_path / "card.txt").write_text(deployment.card())
    words = [fresh, "-W", "error", example.__file__, tmp_path / "card.txt"]
    done = subprocess.run(words, cwd=tmp_path, env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "records that arrived: 1" in done.stdout
    assert done.stderr == ""


def test_every_call_has_types_and_words(fresh, tmp_path):
    for name, text in (("typed.py", TYPED), ("wrong.py", WRONG)):
        (tmp_path / name).write_text(text)
    words = ["-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "--python-executable", fresh, "typed.py", "wrong.py"]
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True)
    faults = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line.split(":")[0] for line in faults] == ["wrong.py"] * 2, done.stdout
    words = "import tabara; print(tabara.FocalPoint.sync.__doc__, tabara.Session.answer.__doc__)"
    told = subprocess.run([fresh, "-c", words], capture_output=True, text=True).stdout
    assert "Sends what waits" in told and "Gives an answer as XLSForm writes it" in told
