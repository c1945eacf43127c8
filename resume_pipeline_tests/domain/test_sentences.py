"""Markdown to sentences."""

from resume_pipeline.domain.citations import find_quote
from resume_pipeline.domain.sentences import sentences

MARKDOWN = """# Title

I led *two teams*
of five. Dr. Who asked for 3.5 of them, e.g. in Berlin. Done!

- First [item](x.md) goes on
  in a second line
- Second

| skill | since |
|---|---|
| C++ | 2011 |

```
code is no sentence.
```

> Quoted words
> over two lines.

Role: Staff Engineer.
Company: Acme."""

EXPECTED = [
    ("I led two teams of five.", 2, 3),
    ("Dr. Who asked for 3.5 of them, e.g. in Berlin.", 3, 3),
    ("Done!", 3, 3),
    ("First item goes on in a second line", 5, 6),
    ("Second", 7, 7),
    ("C++ · 2011", 11, 11),
    ("Quoted words over two lines.", 17, 18),
    ("Role: Staff Engineer.", 20, 20),
    ("Company: Acme.", 21, 21),
]


def test_sentences_have_the_words_a_reader_sees_and_the_lines_they_stand_on():
    assert [(one.text, one.first_line, one.last_line) for one in sentences(MARKDOWN)] == EXPECTED


def test_what_is_written_stands_in_the_passage_on_those_lines():
    for one in sentences(MARKDOWN):
        if one.text in ("Done!", "Second"):  # a word alone proves nothing
            continue
        span = find_quote(one.written, MARKDOWN)
        assert span is not None
        assert (span.first_line, span.last_line) == (one.first_line, one.last_line)


def test_sentences_of_scripts_without_spaces():
    assert [one.text for one in sentences("東京で働きました。次は京都です。")] == [
        "東京で働きました。",
        "次は京都です。",
    ]
