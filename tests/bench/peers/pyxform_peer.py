"""pyxform for `cargo xtask bench forms`: writes the XForms that the other peers load, then converts on request.

    python pyxform_peer.py FOLDER      the folder has q2000.xlsx, roster.xlsx and perhaps whova.xlsx
"""

import pathlib
import statistics
import sys
import time

import pyxform
from pyxform.xls2xform import convert

folder = pathlib.Path(sys.argv[1])
for name in ("q2000", "roster"):
    xform = convert(folder / f"{name}.xlsx", validate=False).xform
    (folder / f"{name}.xml").write_text(xform, encoding="utf-8")
# JavaRosa comes in this package: ODK Validate is built on it
print("ready", pathlib.Path(pyxform.__file__).parent / "validators/odk_validate/bin/ODK_Validate.jar", flush=True)

for line in sys.stdin:
    form = folder / (line.strip().removeprefix("compile_") + ".xlsx")
    if not line.startswith("compile_") or not form.exists():
        print("-", flush=True)
        continue
    times = []
    for _ in range(3):
        start = time.perf_counter()
        convert(form, validate=False)
        times.append(time.perf_counter() - start)
    print(statistics.median(times) * 1e6, flush=True)
