"""The tables of docs/retrieval.md: ``make tune QUESTIONS=/path/to/folder``.

``question_sets`` are several kinds of content and questions, so that a default is not fitted to one; ``export`` takes
the real lexical index out of Postgres; ``ranking`` ranks with any setting; ``measure`` gives two figures for each set.
"""
