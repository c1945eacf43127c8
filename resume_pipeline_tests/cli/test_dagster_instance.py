"""The Dagster instance that commands and the UI share: made once, however many processes come at the same time."""

import subprocess
import sys
from pathlib import Path

OPEN = """
import sys
from pathlib import Path
from resume_pipeline.cli.dagster_instance import dagster_home, dagster_instance
from resume_pipeline.settings import Settings
import dagster
settings = Settings(state_dir=Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
with dagster_instance(dagster_home(settings)) as instance:
    print(instance.get_runs_count())
"""


def test_processes_that_make_the_instance_at_the_same_time_all_get_it(tmp_path: Path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        output, complaint = process.communicate(timeout=120)
        assert (process.returncode, output) == (0, "0\n"), complaint[-2000:]
