"""Our questionnaires are ordinary XLSForms: the field's own converter takes the exported workbooks without a word.

With a Java runtime, pyxform also hands the result to ODK Validate, which checks every expression in JavaRosa.
"""

import shutil
import subprocess

import pytest
from pyxform.xls2xform import convert
from paths import ROOT, TARGET

DESK = TARGET / "debug" / "tabara-desk"
FORMS = sorted((ROOT / "questionnaires").glob("*.md"))


@pytest.fixture
def workbook(request, tmp_path):
    out = tmp_path / (request.param.stem + ".xlsx")
    subprocess.run([DESK, "form", "export", request.param, "-o", out], check=True)
    return request.param, out


def form_id(path):
    return path.stem


@pytest.mark.parametrize("workbook", FORMS, indirect=True, ids=form_id)
def test_pyxform_takes_the_exported_workbook_without_a_warning(workbook):
    _, exported = workbook
    converted = convert(exported, validate=shutil.which("java") is not None)
    assert converted.warnings == []


@pytest.mark.parametrize("workbook", FORMS, indirect=True, ids=form_id)
def test_the_exported_workbook_says_what_the_source_says(workbook):
    source, exported = workbook
    assert convert(exported, validate=False).xform == convert(source, validate=False).xform


def test_there_are_questionnaires():
    assert FORMS
