"""
Fuzzes one parser with atheris, guided by coverage of the product.

    python -m tests.faults.guided_fuzz PARSER FOLDER RUNS

Ends with 0 if after so many runs the parser has only raised what it may, and neither hung nor
filled the memory. The folder gets the inputs that led to new branches, and one that failed.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shared"]):
    from tests.faults.parsers import KEPT, PARSERS

LONGEST_INPUT = 4096  #: bytes
SECONDS, MEBIBYTES = 5, 1024  #: the bounds of one input, and of the process

name, folder, runs = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
parser = PARSERS[name]
corpus = folder / "".join(filter(str.isalnum, name))


def parse(data: bytes) -> None:
    try:
        parser.parse(data)
    except parser.errors as error:
        str(error).encode()


logging.disable(logging.CRITICAL)
corpus.mkdir(exist_ok=True)
for number, data in enumerate([*parser.seeds(), *KEPT]):
    (corpus / f"seed-{number}").write_bytes(data[:LONGEST_INPUT])
options = {
    "runs": runs,
    "seed": 11,
    "max_len": LONGEST_INPUT,
    "timeout": SECONDS,
    "rss_limit_mb": MEBIBYTES,
    "artifact_prefix": f"{corpus}-",
    "verbosity": 0,
}
atheris.Setup(
    [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(corpus)], parse
)
atheris.Fuzz()
