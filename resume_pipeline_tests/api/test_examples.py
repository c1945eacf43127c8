"""The examples of the documentation, run as they are printed."""

import json
import re
import subprocess

import pytest

from resume_pipeline import PROJECT_ROOT

BLOCKS = [
    (name, block)
    for name in ("docs/api.md", "README.md")
    for block in re.findall(r"```bash\n(.*?)```", (PROJECT_ROOT / name).read_text("utf-8"), re.DOTALL)
    if "curl" in block
]


@pytest.mark.parametrize(("name", "block"), BLOCKS)
def test_a_printed_example_works(name, block, serve):
    """Only the port differs."""
    script = block.replace("http://localhost:8000", serve().url)
    ran = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)

    if "event-stream" in block:
        assert ran.stdout.startswith("event: sources") and "event: done" in ran.stdout
        return
    decoder, rest, found = json.JSONDecoder(), ran.stdout.strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    assert len(found) == block.count("curl ")
    assert all("status" not in value for value in found), "none of them is a problem document"
