"""What `bindings/kotlin/check-abis.sh` lets into an AAR: libraries that Android can load."""

import pathlib
import subprocess

import pytest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "kotlin" / "check-abis.sh"


def check(folder):
    done = subprocess.run(["sh", CHECK, folder], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def library(tmp_path):
    """Links a library as Android's linker does, without the C library of this machine, into the folder of an ABI."""

    def link(abi, *words):
        place = tmp_path / abi
        place.mkdir()
        (tmp_path / "a.c").write_text("int tabara(void) { return 1; }\n")
        out = place / "libtabara.so"
        subprocess.run(["cc", "-shared", "-fPIC", *words, "-o", out, tmp_path / "a.c"], check=True)
        return tmp_path

    return link


def test_a_library_for_its_abi_with_pages_of_16_kb_is_taken(library):
    assert check(library("x86_64", "-nostdlib", "-Wl,-z,max-page-size=16384")) == (0, "libraries: x86_64\n")


@pytest.mark.parametrize(
    ("abi", "words", "why"),
    [
        ("x86_64", ["-nostdlib", "-Wl,-z,max-page-size=4096"], "pages of 4096 bytes"),
        ("x86_64", ["-Wl,-z,max-page-size=16384", "-Wl,--no-as-needed"], "for desktop Linux"),
        ("arm64-v8a", ["-nostdlib", "-Wl,-z,max-page-size=16384"], "not built for arm64-v8a"),
        ("amd64", ["-nostdlib"], "no ABI of Android"),
    ],
)
def test_any_other_is_refused_with_the_reason(library, abi, words, why):
    code, told = check(library(abi, *words))
    assert code == 1 and why in told


def test_a_folder_without_a_library_is_refused(tmp_path):
    code, told = check(tmp_path)
    assert code == 1 and "cargo ndk" in told
