"""Bytes: encodings, damage, control and invisible characters, line ends."""

import codecs
import gzip
import random

from resume_pipeline_tests.hostile.case import Case, table

_EN = "# Heading kept\n\nSome ordinary words about a naïve café owner's résumé, keptB.\n"


def _in(name: str, encoding: str, text: str, outcome: str, *must: str, mark: bool = False) -> Case:
    path = f"encodings/{name}.md".encode()
    if mark:  # the mark is written as a character, so that the words can still be numbered
        text = "\ufeff" + text
    return Case("encodings", path, text, outcome, must=must, encoding=encoding)  # type: ignore[arg-type]


_POLISH = (
    "# kept\n\nŻółw mieszkał w Łodzi, pisał książkę o źródłach i ćwiczył grę na skrzypcach. Świetnie, dziękuję.\n" * 3
)
_RUSSIAN = "# kept\n\nИнженер по данным, работала в Москве и Санкт-Петербурге, руководила командой.\n" * 4
_JAPANESE = "# kept\n\nデータエンジニアとして東京で働いています。検索システムを作りました。\n" * 4
_CHINESE = "# kept\n\n我在北京做数据工程师，负责搜索系统的设计和开发工作。\n" * 4
_TAIWANESE = "# kept\n\n我在台北做資料工程師，負責搜尋系統的設計和開發工作。\n" * 4
_KOREAN = "# kept\n\n서울에서 데이터 엔지니어로 일하고 있습니다. 검색 시스템을 만들었습니다.\n" * 4
_GREEK = "# kept\n\nΜηχανικός δεδομένων στην Αθήνα, με εμπειρία στην αναζήτηση κειμένου.\n" * 4
_HEBREW = "# kept\n\nמהנדסת נתונים בתל אביב, בונה מערכות חיפוש.\n" * 4
_GERMAN = "# kept\n\nGrüße aus Köln: „Straße“ und Übermut, naïve Ärzte – größtenteils schön, für 5 €.\n" * 2

ENCODINGS = [
    _in("utf-8", "utf-8", _EN, "indexed", "café"),
    _in("utf-8-mark", "utf-8-sig", _EN, "indexed", "résumé"),
    _in("utf-8-two-marks", "utf-8-sig", _EN, "warning", mark=True),
    _in("utf-8-mark-front-matter", "utf-8-sig", "---\ncompany: keptA\n---\n# kept\n", "indexed"),
    _in("utf-8-mark-draft", "utf-8-sig", "---\ndraft: true\n---\n# gone\n", "skipped"),
    _in("utf-16-le", "utf-16-le", _EN, "indexed", "café", mark=True),
    _in("utf-16-be", "utf-16-be", _EN, "indexed", "café", mark=True),
    _in("utf-16-astral", "utf-16-le", "# kept 👩‍💻\n\n𝔘𝔫𝔦 keptB\n", "indexed", "👩", mark=True),
    _in("utf-16-crlf", "utf-16-le", "# kept\r\n\r\nkeptB\r\n", "indexed", mark=True),
    _in("utf-16-draft", "utf-16-be", "---\r\ndraft: true\r\n---\r\ngone\r\n", "skipped", mark=True),
    _in("utf-32-le", "utf-32-le", _EN, "indexed", "café", mark=True),
    _in("utf-32-be", "utf-32-be", _EN, "indexed", mark=True),
    _in("utf-16-le-no-mark", "utf-16-le", _EN, "error"),
    _in("utf-16-be-no-mark", "utf-16-be", _EN, "error"),
    _in("utf-32-no-mark", "utf-32-le", _EN, "error"),
    _in("latin-1", "latin-1", _EN, "warning", "résumé"),
    _in("latin-1-one-word", "latin-1", "kept café\n", "warning", "café"),
    _in("cp1252", "cp1252", _GERMAN, "warning", "Grüße", "„Straße“", "€"),
    _in("cp1252-quotes", "cp1252", "# kept\n\nShe said “yes” – it’s done…\n", "warning", "“yes”", "it’s"),
    _in("cp1250", "cp1250", _POLISH, "warning", "książkę"),
    _in("iso-8859-2", "iso8859-2", _POLISH, "warning", "dziękuję"),
    _in("cp1251", "cp1251", _RUSSIAN, "warning", "Инженер"),
    _in("koi8-r", "koi8-r", _RUSSIAN, "warning", "Инженер"),
    _in("cp1253", "cp1253", _GREEK, "warning", "Αθήνα"),
    _in("cp1255", "cp1255", _HEBREW, "warning", "חיפוש"),
    _in("shift-jis", "shift-jis", _JAPANESE, "warning", "東京"),
    _in("euc-jp", "euc-jp", _JAPANESE, "warning", "東京"),
    _in("gb18030", "gb18030", _CHINESE, "warning", "北京"),
    _in("big5", "big5", _TAIWANESE, "warning", "台北"),
    _in("cp949", "cp949", _KOREAN, "warning", "서울"),
    _in("latin-1-draft", "latin-1", "---\ntitle: café\ndraft: true\n---\ngone\n", "skipped"),
    _in("nfd", "utf-8", "# kept\n\nCafe\u0301 re\u0301sume\u0301\n", "indexed", "Café", "résumé"),
    _in("mojibake-stays", "utf-8", "# kept\n\ncafÃ©\n", "indexed"),
    _in("utf-7", "ascii", "# kept\n\n+AGEA4Q- words\n", "indexed"),
    _in("private-use", "utf-8", "# kept\n\n\ue000 \uf8ff words\n", "indexed"),
    _in("noncharacters", "utf-8", "# kept\n\na\ufffeb\uffffc keptB\n", "indexed"),
    _in("emoji-joined", "utf-8", "# kept\n\n👩‍👩‍👧 🏳️‍🌈 ❤️ 👍🏽\n", "indexed", "👩‍👩‍👧"),
]

_NOISE = random.Random(5).randbytes(4000)

DAMAGED = table(
    "damaged",
    [
        ("png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR gone " + _NOISE, "error"),
        ("jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 gone " + _NOISE, "error"),
        ("gzip", gzip.compress(b"gone words " * 400, mtime=0) + _NOISE, "error"),
        ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n gone stream\n" + _NOISE + b"\nendstream", "error"),
        ("elf", b"\x7fELF\x02\x01\x01" + b"\x00" * 200 + _NOISE, "error"),
        ("sqlite", b"SQLite format 3\x00\x10\x00\x01\x01" + b"\x00" * 2000 + b"gone", "error"),
        ("only-nul", b"\x00" * 5000, "error"),
        ("noise", _NOISE, "error"),
        ("one-nul", b"# kept\n\nwo\x00rds keptB\n", "warning"),
        ("nul-in-word", b"# kept\n\nkep\x00tical mind, keptB\n", "warning"),
        ("nul-in-front-matter", b"---\ncompany: ke\x00ep\n---\n# kept\n", "warning"),
        ("nul-in-draft", b"---\ndraft: tr\x00ue\n---\n# gone\n", "skipped"),
        ("lone-surrogate", b"# kept\n\na\xed\xa0\x80b keptB\n", "warning"),
        ("low-surrogate", b"# kept\n\na\xed\xbf\xbfb\n", "warning"),
        ("cesu-pair", b"# kept\n\nface \xed\xa0\xbd\xed\xb8\x80 keptB\n", "warning"),
        ("truncated-two", "# kept\n\ncafé and caf".encode() + b"\xc3", "warning"),
        ("truncated-three", "# kept\n\n5 € or ".encode() + b"\xe2\x82", "warning"),
        ("truncated-four", "# kept 😀\n\nface ".encode() + b"\xf0\x9f\x98", "warning"),
        ("overlong", "# kept é é\n\n".encode() + b"\xc0\xaf slash\n", "warning"),
        ("five-bytes", "# kept é é é é é\n\n".encode() + b"\xf8\x88\x80\x80\x80\n", "warning"),
        ("ff-inside", "# kept é é\n\n".encode() + b"a \xff b keptB\n", "warning"),
        ("utf8-and-latin1-lines", "# kept résumé déjà\n\n".encode() + "café\n".encode("latin-1"), "warning"),
        ("utf16-odd", codecs.BOM_UTF16_LE + "# long enough for one byte\n".encode("utf-16-le") + b"\x41", "warning"),
        (
            "utf16-lone-surrogate",
            codecs.BOM_UTF16_LE + "# words ".encode("utf-16-le") * 9 + b"\x00\xd8a\x00",
            "warning",
        ),
        ("utf16-mark-on-utf8", codecs.BOM_UTF16_LE + b"# kept text that is no UTF-16\n" * 30, "warning"),
        ("utf8-mark-on-latin1", codecs.BOM_UTF8 + "# kept café\n".encode("latin-1"), "warning"),
        ("utf8-mark-only", codecs.BOM_UTF8, "skipped"),
        ("utf16-mark-only", codecs.BOM_UTF16_LE, "skipped"),
        ("mark-inside", "# kept\n\nwo\ufeffrds keptB\n".encode(), "warning"),
    ],
)

CHARACTERS = [
    Case("characters", f"characters/{name}.md".encode(), data, "warning", must=must)
    for name, data, must in [
        ("zero-width-space", "# kept\n\nPost\u200bgres keptB\n", ("Postgres",)),
        ("word-joiner", "# kept\n\nPost\u2060gres\n", ("Postgres",)),
        ("soft-hyphen", "# kept\n\nPost\u00adgres\n", ("Postgres",)),
        ("bidi-override", "# kept\n\n\u202egnp.exe\u202c keptB\n", ()),
        ("bidi-isolates", "# kept\n\n\u2066left\u2069 keptB\n", ()),
        ("bidi-marks", "# kept\n\n\u200eleft\u200f keptB\n", ()),
        ("arabic-letter-mark", "# kept\n\n\u061c keptB\n", ()),
        ("tag-letters", "# kept\n\nplain\U000e0067\U000e006f\U000e006e\U000e0065 keptB\n", ("plain",)),
        ("interlinear", "# kept\n\n\ufff9a\ufffab\ufffb keptB\n", ()),
        ("escape-sequences", "# kept\n\n\x1b[31mred\x1b[0m keptB\n", ()),
        ("backspace", "# kept\n\nab\x08c keptB\n", ()),
        ("delete", "# kept\n\nab\x7fc keptB\n", ("abc",)),
        ("c1-controls", "# kept\n\nab\x9bc keptB\n", ("abc",)),
        ("bell", "# kept\n\nding\x07 keptB\n", ("ding",)),
        ("form-feed", "# kept\n\none\x0ctwo keptB\n", ("one two",)),
        ("vertical-tab", "# kept\n\none\x0btwo\n", ("one two",)),
        ("next-line", "# kept\n\none\x85two\n", ("one two",)),
        ("line-separator", "# kept\n\none\u2028two\n", ("one two",)),
        ("paragraph-separator", "# kept\n\none\u2029two\n", ("one two",)),
        ("file-separators", "# kept\n\none\x1ctwo\x1dthree\n", ("one two three",)),
        ("piled-marks", "# kept\n\nz" + "\u0301\u0323" * 400 + "algo keptB\n", ("algo",)),
        ("invisible-in-key", "---\nti\u200btle: T\ncompany: keptA\n---\n# kept\n", ()),
        ("mongolian-separator", "# kept\n\na\u180eb keptB\n", ("ab",)),
    ]
]
CHARACTERS.append(
    Case("characters", b"characters/invisible-in-draft.md", "---\ndraft: t\u200brue\n---\n# gone\n", "skipped")
)
CHARACTERS.append(
    Case("characters", b"characters/invisible-in-comment.md", "# kept\n\n<!\u200b-- gone -->\n", "warning")
)

LINE_ENDS = table(
    "line-ends",
    [
        ("crlf", "# kept\r\n\r\nOne\r\ntwo keptB\r\n", "indexed"),
        ("cr", "# kept\r\rOne\rtwo keptB\r", "indexed"),
        ("mixed", "# kept\r\n\rOne\ntwo\rthree keptB\r\n", "indexed"),
        ("cr-cr-lf", "# kept\r\r\n\r\r\nkeptB\r\r\n", "indexed"),
        ("lf-cr", "# kept\n\r\n\rkeptB\n\r", "indexed"),
        ("no-final", "# kept\n\nkeptB", "indexed"),
        ("no-final-cr", "# kept\r\rkeptB", "indexed"),
        ("one-line", "kept", "indexed"),
        ("leading-blank", "\n\n\n\n# kept\n", "indexed"),
        ("many-blank", "# kept" + "\n" * 500 + "keptB" + "\n" * 500, "indexed"),
        ("trailing-blanks", "# kept   \n\nkeptB   \n   \n\t\n", "indexed"),
        ("crlf-setext", "kept\r\n====\r\n\r\nkeptB\r\n----\r\n\r\nkeptC\r\n", "indexed"),
        ("crlf-table", "| a | b |\r\n|---|---|\r\n| kept | keptB |\r\n", "indexed"),
        ("crlf-fence", "```py\r\n# kept\r\n```\r\n\r\nkeptB\r\n", "indexed"),
        ("cr-fence", "```py\r# kept\r```\r\rkeptB\r", "indexed"),
        ("crlf-list", "- kept\r\n  - keptB\r\n\r\n- keptC\r\n", "indexed"),
    ],
    plain=True,
) + table(
    "line-ends",
    [
        ("crlf-front-matter", "---\r\ncompany: keptA\r\n---\r\n\r\n# kept\r\n", "indexed"),
        ("cr-front-matter", "---\rcompany: keptA\r---\r\r# kept\r", "indexed"),
        ("crlf-draft", "---\r\ndraft: true\r\n---\r\n\r\n# gone\r\n", "skipped"),
        ("cr-draft", "---\rdraft: true\r---\r\r# gone\r", "skipped"),
        ("crlf-comment", "# kept\r\n\r\n<!--\r\ngone\r\n\r\n# gone\r\n-->\r\n\r\nkeptB\r\n", "indexed"),
        ("cr-comment", "# kept\r\r<!--\rgone\r\r# gone\r-->\r\rkeptB\r", "indexed"),
        ("crlf-toml", "+++\r\ncompany = 'keptA'\r\n+++\r\n# kept\r\n", "indexed"),
        ("only-newlines", "\n" * 40, "skipped"),
        ("only-crlf", "\r\n" * 40, "skipped"),
        ("only-cr", "\r" * 40, "skipped"),
    ],
)

CASES = [*ENCODINGS, *DAMAGED, *CHARACTERS, *LINE_ENDS]
