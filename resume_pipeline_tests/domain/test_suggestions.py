"""Questions made of front matter: natural, of every kind there is, each once, the same every time."""

from resume_pipeline.domain.suggestions import Described, suggestions

DOCUMENTS = [
    Described("resume.md", "Résumé", {"name": "Ada Example", "education": [{"degree": "MSc Mathematics"}]}),
    Described("jobs/old.md", "Old job", {"company": "Acme", "start_date": "2001", "stack": ["Rust"]}),
    Described("jobs/new.md", "New job", {"company": "Bolt & Nut", "start_date": "2020-05"}),
    Described("projects/door.md", "door: opens at dawn", {"repository": "https://x", "stack": ["Rust", "C++"]}),
    Described("posts/keys.md", "What keys are for", {"date": "2022-01-01"}),
]


def asked(documents, person=None) -> list[str]:
    return [one.question for one in suggestions(documents, person=person)]


def test_each_kind_has_its_turn_and_the_newest_come_first():
    assert asked(DOCUMENTS)[:5] == [
        "What did Ada do at Bolt & Nut?",
        "What is door about?",
        "What did Ada study?",
        "What has Ada done with Rust?",
        "What does “What keys are for” say?",
    ]
    assert "What did Ada do at Acme?" in asked(DOCUMENTS)


def test_the_person_of_the_settings_comes_first_and_nobody_is_possible():
    assert asked(DOCUMENTS, "Grace Hopper")[0] == "What did Grace do at Bolt & Nut?"
    nobody = [one for one in DOCUMENTS if "name" not in one.metadata]
    assert asked(nobody)[0] == "What was the work at Bolt & Nut?"


def test_the_order_of_the_documents_changes_nothing():
    assert asked(DOCUMENTS) == asked(DOCUMENTS[::-1])


def test_odd_front_matter_makes_no_odd_question():
    odd = [
        Described("a.md", "x" * 200, {"company": ["a", "b"], "education": [], "stack": "Rust", "date": None}),
        Described("b.md", "", {"company": "  ", "education": {"degree": 5}, "stack": [None, {"x": 1}]}),
        Described("c.md", "One\ntwo", {"company": "y" * 100, "start_date": 2020}),
    ]
    assert asked(odd) == []
    assert asked([]) == []
