"""Paths of any bytes have a sound, unique and reversible form."""

from hypothesis import given
from hypothesis import strategies as st

from resume_pipeline.domain.source_files import path_to_text, text_to_path


@given(st.one_of(st.binary(), st.text(st.characters(exclude_categories=["Cs"])).map(str.encode)))
def test_the_form_of_any_path_can_be_stored_and_leads_back_to_its_bytes(raw):
    text = path_to_text(raw)

    assert text_to_path(text) == raw
    assert text.encode("utf-8").decode("utf-8") == text
    assert not any(ord(character) < 32 for character in text)


@given(st.binary(), st.binary())
def test_two_paths_never_share_a_form(one, other):
    assert (path_to_text(one) == path_to_text(other)) == (one == other)
