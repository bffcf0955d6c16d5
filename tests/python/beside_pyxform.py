"""`form check` beside pyxform: the field's workbooks, and mutated copies of them (a cell changed, two rows swapped, a header
misspelt). Both accept a form or both refuse it; every disagreement must be of a kind that `core/forms/DIFFERENCES.md` explains,
by its number. One that is not fails the run.

Run by name: `target/venv/bin/python tests/python/beside_pyxform.py [NUMBER OF MUTANTS] [SEED]`. The workbooks lie in the shared
folder; without it there is nothing to run.
"""

import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
from paths import ROOT, TARGET
from pyxform.xls2xform import convert

DESK = TARGET / "debug" / "tabara-desk"
SHARED = Path(os.environ.get("TABARA_SHARED", ROOT.parent / "shared"))
WORKBOOKS = SHARED / "forms" / "workbooks"

# What we refuse and pyxform takes: by our code, the row of DIFFERENCES.md that says why.
STRICTER = {
    "bad-expression": "C1",
    "unknown-function": "C1",
    "bad-arguments": "C1",
    "unknown-list": "C1",
    "cycle": "C1",
    "bad-regex": "C1",
    "ambiguous-reference": "C1",
    "unknown-reference": "C1",
    "file-beside": "C2",
    "unsupported-type": "C3",
    "failed-formula": "C4",
    "no-question": "C5",
    "bad-truth": "C13",
    "space-in-choice": "C14",
    "no-type": "C15",
}
# What pyxform refuses and we take, by its words; `--pyxform-compatible` must say so.
LAXER = {
    r"recognized as a supported type": "C6",
    r"entit|save_to": "C10",
    r"Media type": "C11",
}
FAULTS_OF_PYXFORM = r"INTERNAL|TypeError|AttributeError|KeyError|IndexError|UnboundLocalError"


def theirs(path):
    try:
        convert(path, validate=False)
        return None
    except Exception as error:  # pyxform lets Python's own errors through
        return f"{type(error).__name__}: {error}"


def check(path, *more):
    done = subprocess.run([DESK, "form", "check", "--json", *more, path], capture_output=True, text=True, check=False)
    return [fault for fault in json.loads(done.stdout)["faults"] if fault["severity"] == "error"]


def ours(path):
    errors = check(path)
    absent = {fault["arguments"]["file"] for fault in errors if fault["message_id"] == "no-such-file"}
    for name in absent:
        # pyxform reads no file beside the form: a small one takes its place
        rows = {".csv": "name,label\nx,X\n", ".xml": "<root><item><name>x</name><label>X</label></item></root>"}
        (path.parent / name).write_text(rows.get(Path(name).suffix, '{"features":[{"id":"x","properties":{"title":"X"}}]}'))
    return check(path) if absent else errors


def mutate(source, target, chance):
    book = openpyxl.load_workbook(source, data_only=True)
    sheets = [s for s in book.worksheets if s.title.lower() in ("survey", "choices", "settings") and s.max_row > 1]
    sheet = chance.choice(sheets)
    rows = min(sheet.max_row, 1000)
    filled = [c for row in sheet.iter_rows(max_row=rows) for c in row if c.value not in (None, "")]
    kind = chance.choice(["cell", "swap", "header"])
    if kind == "swap":
        one, other = chance.randint(2, rows), chance.randint(2, rows)
        for column in range(1, sheet.max_column + 1):
            a, b = sheet.cell(one, column), sheet.cell(other, column)
            a.value, b.value = b.value, a.value
        what = f"{sheet.title}: rows {one} and {other} swapped"
    else:
        cell = chance.choice([c for c in filled if (c.row == 1) == (kind == "header")])
        text = str(cell.value)
        place = chance.randrange(len(text))
        value = chance.choice(
            [text[:place] + text[place + 1 :], text[:place] + chance.choice("aZ_ 1(${'") + text[place:], text.upper(), ""]
            + ([chance.choice(filled).value] if kind == "cell" else [])
        )
        cell.value = value or None
        what = f"{sheet.title} {cell.coordinate}: {text!r} -> {value!r}"
    book.save(target)
    return what


def kind_of(path, error, errors):
    """The row of DIFFERENCES.md that explains a disagreement."""
    if error is None:
        explained = [STRICTER.get(fault["code"]) for fault in errors]
        return None if None in explained else explained[0]
    if re.search(FAULTS_OF_PYXFORM, error):
        return "C12"
    told = any(fault["code"] == "pyxform" for fault in check(path, "--pyxform-compatible"))
    for words, why in LAXER.items():
        if re.search(words, error, re.IGNORECASE):
            return why if told else None
    return None


def main():
    number, seed = (int(word) for word in (sys.argv[1:] + ["500", "1"][len(sys.argv) - 1 :])[:2])
    if not WORKBOOKS.is_dir():
        print("beside pyxform: absent")
        return 0
    rows = re.findall(r"^\| (C\d+) \| (.+) \|$", (ROOT / "core/forms/DIFFERENCES.md").read_text(), re.MULTILINE)
    told = dict(rows)
    untold = {*STRICTER.values(), *LAXER.values(), "C12"} - told.keys()
    assert not untold, f"DIFFERENCES.md does not explain {untold}"
    originals = sorted(p for p in WORKBOOKS.iterdir() if p.suffix.startswith(".xls"))
    chance = random.Random(seed)
    kinds, open_ones, agreed, run = collections.Counter(), [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        small = [p for p in originals if p.suffix != ".xls" and p.stat().st_size < 120_000]
        forms = []
        for path in originals:
            copy = Path(folder) / path.name
            copy.write_bytes(path.read_bytes())
            forms.append((copy, path.name))
        while len(forms) < len(originals) + number:
            source, target = chance.choice(small), Path(folder) / f"{len(forms)}.xlsx"
            try:
                forms.append((target, f"{source.name} {mutate(source, target, chance)}"))
            except Exception as error:  # openpyxl cannot read or write every workbook
                print(f"not mutated: {source.name}: {error}", file=sys.stderr)
                small.remove(source)
        for path, what in forms:
            error, errors = theirs(path), ours(path)
            run += 1
            if (error is None) == (not errors):
                agreed += 1
                continue
            kind = kind_of(path, error, errors)
            if kind is None:
                open_ones.append((what, error, [f"{f['sheet']} {f.get('cell') or f['row']} {f['code']}: {f['message']}" for f in errors[:3]]))
            else:
                kinds[kind] += 1
    print(f"beside pyxform: {agreed}/{run} agree, {sum(kinds.values())} differ in {len(kinds)} known kinds, {len(open_ones)} open")
    for kind, count in kinds.most_common():
        print(f"  {count:4} {kind}: {told[kind]}")
    for what, error, errors in open_ones:
        print(f"open: {what}\n  pyxform: {error and error[:300]}\n  ours: {errors}")
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
