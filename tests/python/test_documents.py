"""Every fenced block of the pages for developers and operators is run, stands in a file that is run, or says why it is not.

A comment above a block says which: `<!-- run -->` (here, in a folder with the built programs on the path),
`<!-- run by FILE -->` (that test reads the page), `<!-- in FILE -->` (the block's lines stand there, and a suite runs the
file), `<!-- not run: WHY -->`. A block without a comment fails.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest
from paths import ROOT, TARGET

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "bindings/README.md",
    "bindings/GUIDE.md",
    "bindings/swift/README.md",
    "deploy/README.md",
    "deploy/keys.md",
    "mobile-samples/android/README.md",
]
BLOCK = re.compile(r"(?:^<!-- ([^\n]*?) -->\n+)?^```(\w*)[^\n]*\n(.*?)^```$", re.M | re.S)


def blocks():
    for page in PAGES:
        for number, found in enumerate(BLOCK.finditer((ROOT / page).read_text()), 1):
            yield pytest.param(page, *found.groups(), id=f"{page}-{number}")


def plain(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(("page", "mark", "language", "block"), list(blocks()))
def test_a_block_is_run_or_says_why_not(page, mark, language, block, tmp_path):
    assert mark, "no comment above the block says how it is run"
    if mark == "run":
        assert language == "sh"
        path = f"{TARGET / 'debug'}:{os.environ['PATH']}"
        words = ["bash", "-euo", "pipefail", "-c", block]
        done = subprocess.run(words, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    elif mark.startswith("run by "):
        assert page.rsplit("/", 1)[-1] in (ROOT / mark.removeprefix("run by ")).read_text()
    elif mark.startswith("in "):
        wanted, there = plain(block), plain((ROOT / mark.removeprefix("in ")).read_text())
        assert any(there[at : at + len(wanted)] == wanted for at in range(len(there))), "the file says something else"
    else:
        assert re.fullmatch(r"not run: .{10,}", mark), mark


def test_an_unmarked_block_would_be_found():
    [found] = BLOCK.finditer("text\n\n```sh\nfalse\n```\n")
    assert found.groups() == (None, "sh", "false\n")
    [found] = BLOCK.finditer("text\n\n<!-- run -->\n\n```sh\ntrue\n```\n")
    assert found.group(1) == "run"


@pytest.mark.parametrize("page", ["README.md", "GUIDE.md"])
def test_the_first_phone_of_a_developer_needs_the_commands_of_the_page(page, tmp_path):
    """The server of `./x dev-server`, and the last command of the first phone as the page has it."""
    page = (ROOT / "bindings" / page).read_text()
    [command] = re.findall(r"^(python3 .* out/dev/card.txt)$", page, re.M)
    server = [TARGET / "debug" / "deployment", "dev-server", tmp_path, "0"]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as running:
        said = iter(running.stdout.readline, "")
        assert any("Ctrl-C ends it" in line for line in said), "the server is up"
        words = ["bash", "-c", command.replace("out/dev/card.txt", str(tmp_path / "card.txt"))]
        # this Python, which has the wheel; and no path but that of programs
        path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(words, cwd=ROOT, env={"PATH": path}, capture_output=True, text=True)
        running.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "arrived: 1" in done.stdout
    assert (tmp_path / "card.svg").read_text().startswith("<?xml")
