"""The terminal: `resume-pipeline` and its commands.

A command takes its options, makes one call, and shows the result as text or, with ``--json``, as one JSON value on
standard output; everything meant for people beside it goes to standard error. Dagster is imported only by `ingest`.
"""

import sys

import typer

from resume_pipeline.cli import (
    ask,
    content,
    dagster_instance,
    database,
    evaluate,
    gaps,
    generations,
    ingest,
    keys,
    maintain,
    mcp,
    models,
    questions,
    serve,
    status,
)
from resume_pipeline.cli.output import complain
from resume_pipeline.errors import ResumePipelineError

app = typer.Typer(
    name="resume-pipeline",
    help="A folder of markdown becomes a searchable index in Postgres, and stays true.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (
    ingest,
    content,
    questions,
    ask,
    evaluate,
    gaps,
    generations,
    status,
    models,
    maintain,
    database,
    serve,
    mcp,
    dagster_instance,
    keys,
):
    module.register(app)


def main() -> None:
    """Run a command; errors of ours become one message and exit code 1."""
    try:
        app()
    except ResumePipelineError as error:
        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        complain("Stopped. What was finished is kept; the next run goes on from there.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has seen enough.
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
