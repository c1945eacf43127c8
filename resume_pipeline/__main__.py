"""`python -m resume_pipeline`: the same as `resume-pipeline`, for virtual environments in paths with spaces."""

from resume_pipeline.cli import main

main()
