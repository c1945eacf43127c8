"""Freshness: whether visitors see what the content root holds, and if not, why and since when."""

import datetime as dt

from resume_pipeline.ingestion.freshness import freshness
from resume_pipeline.ingestion.publishing import waiting
from resume_pipeline_tests.pipeline import long_text


def fresh(pipeline):
    held = waiting(pipeline.sessions, pipeline.embedder.name, pipeline.quality)
    return freshness(pipeline.sessions, pipeline.root, held)


def test_before_the_first_publish_nothing_is_up_to_date(pipeline):
    assert fresh(pipeline).reason == "Nothing is published yet."


def test_what_is_live_is_up_to_date_until_a_file_changes(pipeline):
    pipeline.write("one.md", f"# One\n\n{long_text(3)}")
    pipeline.write("two.md", f"# Two\n\n{long_text(3, seed='two')}")
    pipeline.run()
    assert fresh(pipeline).up_to_date

    pipeline.write("one.md", f"# One\n\n{long_text(4)}")
    (pipeline.content / "two.md").unlink()
    pipeline.write("three.md", "# Three")

    found = fresh(pipeline)
    assert found.unread == 3
    assert "3 files changed" in found.reason and "resume-pipeline ingest" in found.reason
    assert found.age_hours(dt.datetime.now(dt.UTC)) < 1
    pipeline.run(confirm_deletions=True)
    assert fresh(pipeline).up_to_date


def test_it_tells_since_when_the_first_change_waits(pipeline):
    pipeline.write("one.md", f"# One\n\n{long_text(3)}")
    pipeline.run()
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=30)

    pipeline.write("one.md", f"# One\n\n{long_text(4)}")

    assert 29 < fresh(pipeline).age_hours(later) < 31


def test_a_rollback_is_the_reason_that_is_given(pipeline):
    for step in range(2):
        pipeline.write("one.md", f"# One\n\n{long_text(3, seed=str(step))}")
        pipeline.run()
    pipeline.roll_back()

    found = fresh(pipeline)

    assert not found.up_to_date and "rolled back" in found.reason and found.unread == 0
