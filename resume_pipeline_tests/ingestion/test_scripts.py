"""Words are found in scripts that write no spaces, and names with signs are told apart."""

import pytest

TEXTS = {
    "japanese.md": "# 講演\n\n遅延は伝わる。横浜で鉄道の話をしました。\n",
    "chinese.md": "# 简历\n\n我在波兰的铁路公司担任数据工程师。\n",
    "thai.md": "# ประวัติ\n\nฉันทำงานเป็นวิศวกรข้อมูลในกรุงเทพมหานคร\n",
    "polish.md": "# Praca\n\nMieszkam w Łodzi, pracuję w Krakowie.\n",
    "languages.md": "# Skills\n\nC++ since 2011, CI/CD on AWS/GCP.\n",
    "other.md": "# Skills\n\nC since 2009, and C# for a year.\n",
}


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("横浜", "japanese.md"),
        ("铁路", "chinese.md"),
        ("วิศวกร", "thai.md"),
        ("Krakowie", "polish.md"),
        ("lodzi", "polish.md"),
        ("c++", "languages.md"),
        ("GCP", "languages.md"),
        ("C#", "other.md"),
    ],
)
def test_lexical_search_finds_the_word(pipeline, question, path):
    for name, text in TEXTS.items():
        pipeline.write(name, text)
    pipeline.run()

    hits = pipeline.search(question, mode="lexical")

    assert hits and hits[0].path == path
