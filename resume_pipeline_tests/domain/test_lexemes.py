"""Words of the field survive the text search parser, on both sides."""

import pytest

from resume_pipeline.domain.lexemes import searchable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++ and C# and C", "Cplusplus and Csharp and C"),
        ("c++17, F#.", "cplusplus17, Fsharp."),
        ("ASP.NET is not .NET", "ASP.NET is not dotnet"),
        ("AWS/GCP, CI/CD, snake_case", "AWS GCP, CI CD, snake case"),
        ("https://example.org", "https://example.org"),
        ("Kraków, Łódź, Smørrebrød, naïve", "Krakow, Lodz, Smorrebrod, naive"),
        ("遅延は", " 遅延 延は "),
        ("の", " の "),
        ("plain ascii", "plain ascii"),
    ],
)
def test_text_becomes_what_the_lexical_index_should_see(text, expected):
    assert searchable(text) == expected


def test_marks_that_are_part_of_a_word_stay(text="हिन्दी और عربى"):
    assert searchable(text) == text


def test_a_megabyte_without_a_space_becomes_pairs():
    pairs = searchable("統合" * 170_000).split()
    assert len(pairs) == 339_999 and set(pairs) == {"統合", "合統"}
