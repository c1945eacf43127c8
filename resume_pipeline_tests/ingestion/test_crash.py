"""An ingest that is killed at any moment loses nothing, shows no mixture, and pays for nothing twice."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

from resume_pipeline.storage.generations import list_generations
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline, long_text

# A real ingest in a process of its own; each request is noted in a file before it is answered, as a provider would.
INGEST = textwrap.dedent(
    """
    import os, signal, sys, threading, time
    from pathlib import Path
    from resume_pipeline.embedding.base import CANARY_TEXT
    from resume_pipeline.storage.engine import make_engine
    from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline

    class PaidEmbedder(CountingEmbedder):
        batch_inputs = 16

        def embed(self, inputs):
            if list(inputs) != [CANARY_TEXT]:
                with open(sys.argv[3], "a") as log:
                    log.write("REQUEST\\n" + "".join(repr(given) + "\\n" for given in inputs))
                time.sleep(0.01)
            return super().embed(inputs)

    pipeline = Pipeline(make_engine(sys.argv[1]), Path(sys.argv[2]), PaidEmbedder())
    if float(sys.argv[4]) > 0:
        threading.Timer(float(sys.argv[4]), os.kill, (os.getpid(), signal.SIGKILL)).start()
    started = time.monotonic()
    pipeline.run(confirm_deletions=True)
    print(time.monotonic() - started, flush=True)
    os._exit(0)
    """
)
KILLS = 8


def start(url: str, content: Path, log: Path, kill_after: float = 0) -> subprocess.Popen[bytes]:
    """An ingest that is killed so many seconds after its work began; 0: not at all."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", INGEST, url, str(content), str(log), str(kill_after)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def requests(log: Path) -> list[list[str]]:
    found: list[list[str]] = []
    for line in log.read_text().splitlines() if log.exists() else []:
        if line == "REQUEST":
            found.append([])
        else:
            found[-1].append(line)
    return found


def write_version(content: Path, version: int, files: int = 40) -> None:
    for number in range(files):
        body = long_text(6, seed=f"v{version} file {number}")
        (content / f"file-{number:03}.md").write_text(f"# File {number}\n\nversion-{version}\n\n{body}\n")


def versions_seen(pipeline: Pipeline) -> set[str]:
    text = pipeline.live_text()
    return {f"version-{number}" for number in range(3) if f"version-{number}\n" in text}


def test_an_ingest_killed_at_random_moments_completes_later_without_mixture_or_double_payment(
    server, database, engine, content, tmp_path
):
    url = server.url(database).render_as_string(hide_password=False)
    pipeline, log = Pipeline(engine, content, CountingEmbedder()), tmp_path / "requests"
    write_version(content, 0)
    whole, _ = start(url, content, log).communicate()
    assert versions_seen(pipeline) == {"version-0"}

    write_version(content, 1)
    moments = random.Random(17)
    killed = 0
    for _ in range(KILLS):
        process = start(url, content, log, kill_after=moments.uniform(0.02, float(whole)))
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        seen = versions_seen(pipeline)
        assert seen in ({"version-0"}, {"version-1"}), f"visitors saw a mixture: {seen}"
    final = start(url, content, log)
    _, complaint = final.communicate()
    assert final.returncode == 0, complaint.decode()[-2000:]

    assert killed >= 1, "no run was killed; the moments are too late"
    assert versions_seen(pipeline) == {"version-1"}
    assert len(pipeline.live_paths()) == 40
    with pipeline.sessions() as session:
        assert [record.state for record in list_generations(session)] == ["live", "superseded"]
    every_request = requests(log)
    times_sent = Counter(given for request in every_request for given in request)
    twice = {given for given, times in times_sent.items() if times > 1}
    # A kill can lose only the answer of the one request that was in flight.
    assert len(twice) <= 16 * killed, f"{len(twice)} inputs were sent twice, {killed} runs were killed"
    assert all(times <= killed + 1 for times in times_sent.values())


def test_a_reader_never_sees_a_mixture_while_generations_change(pipeline):
    write_version(pipeline.content, 0, files=10)
    pipeline.run()
    url = pipeline.engine.url.render_as_string(hide_password=False)
    write_version(pipeline.content, 1, files=10)
    process = start(url, pipeline.content, pipeline.content.parent / "requests")
    seen = []
    while process.poll() is None:
        seen.append(versions_seen(pipeline))
    assert process.returncode == 0
    assert all(len(versions) == 1 for versions in seen) and len(seen) > 3
    assert versions_seen(pipeline) == {"version-1"}
