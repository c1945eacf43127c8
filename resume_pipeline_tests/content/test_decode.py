"""Whatever the bytes are, the text is sound, the lines are an editor's, and a person is told what was wrong."""

import json
import os
import time
import unicodedata
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_pipeline.content.decode import DecodedText, decode

FRENCH = "# Résumé\n\nIngénieur à Orléans ; “élève” d’une école — 5 €, naïve façade.\n"
RUSSIAN = "Опыт работы: ведущий инженер в компании. Разработал систему поиска.\n"
JAPANESE = "# 職務経歴\n\n東京の会社でエンジニアとして働きました。検索システムを開発した。\n"


def severities(decoded: DecodedText) -> list[str]:
    return [problem.severity for problem in decoded.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_without_a_word(encoding):
    decoded = decode((FRENCH + JAPANESE + "👩‍👩‍👧 नमस्ते می‌خواهم").encode(encoding))

    assert decoded.text == FRENCH + JAPANESE + "👩‍👩‍👧 नमस्ते می‌خواهم"
    assert decoded.problems == ()


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xfe\xff", "utf-16-be"), (b"\x00\x00\xfe\xff", "utf-32-be")])
def test_big_endian_unicode_with_a_mark_is_read(mark, encoding):
    assert decode(mark + FRENCH.encode(encoding)) == DecodedText(FRENCH, encoding)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        ("# Résumé\n", "latin-1"),
        ("Größe, Straße, Übung\n", "latin-1"),
        ("¿Qué pasó mañana? El niño comió piña.\n", "latin-1"),
        ("Blåbærsyltetøy på Ærø, smörgås i Malmö.\n", "latin-1"),
        ("Price £5 and €7 — “good”… 20°C ± 2, 3×4 ½\n", "cp1252"),
        ("# RÉSUMÉ\nFRANÇOIS LEFÈVRE\n", "cp1252"),
        ("Zażółć gęślą jaźń. Pracował jako inżynier w dużej firmie w Łodzi.\n", "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
    ],
)
def test_an_older_encoding_is_recognised_with_a_warning_that_names_it_and_the_line(text, encoding):
    decoded = decode(b"plain\n" + text.encode(encoding))

    assert decoded.text == "plain\n" + text
    assert severities(decoded) == ["warning"]
    assert decoded.encoding in decoded.problems[0].reason
    first = next(number for number, line in enumerate(decoded.text.split("\n"), 1) if not line.isascii())
    assert decoded.problems[0].line == first


def test_damaged_utf8_stays_utf8_with_a_mark_where_it_is_broken():
    decoded = decode("déjà\nvu ".encode() + b"\xe9 x")

    assert decoded.text == "déjà\nvu \ufffd x"
    assert (decoded.encoding, decoded.problems[0].line) == ("utf-8", 2)


def test_utf16_with_a_lone_surrogate_and_half_a_character_is_read_with_a_warning():
    decoded = decode(b"\xff\xfe" + "long enough\n".encode("utf-16-le") * 9 + b"\x00\xd8x\x00y")

    assert decoded.text.startswith("long enough\n")
    assert "\ud800" not in decoded.text
    assert severities(decoded) == ["warning"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89",
        zlib.compress(FRENCH.encode() * 9 + bytes(range(256)) * 9),
        bytes(2000),
        "UTF-16 without a mark".encode("utf-16-le"),
        bytes(range(256)) * 20,
        b"\xff\xfe" + bytes(range(128, 256)) * 40,
    ],
    ids=["png", "zlib", "zeros", "utf-16 without mark", "all bytes", "noise after a mark"],
)
def test_what_is_no_text_is_an_error(data):
    decoded = decode(data)

    assert decoded.text == ""
    assert severities(decoded) == ["error"]


def test_all_line_ends_become_one_and_the_count_is_an_editors():
    assert decode(b"a\r\nb\rc\n\rd\r\r\ne").text == "a\nb\nc\n\nd\n\ne"


@pytest.mark.parametrize(
    ("character", "instead"),
    [
        *[(chr(code), " ") for code in (0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029)],
        *[(chr(code), "") for code in (0, 1, 8, 0x1B, 0x7F, 0x9F, 0xAD, 0x200B, 0x200E, 0x200F, 0x202E, 0x2066)],
        *[(chr(code), "") for code in (0x2060, 0xFEFF, 0xE0041)],
        *[(character, character) for character in "\t\u200c\u200d\u00a0\ufe0f\ue000"],
    ],
)
def test_characters_that_harm_go_with_one_warning_and_others_stay(character, instead):
    decoded = decode(f"one\ntw{character}o\nthr{character}ee\n".encode())

    assert decoded.text == f"one\ntw{instead}o\nthr{instead}ee\n"
    assert [problem.line for problem in decoded.problems] == ([] if instead == character else [2])


def test_the_flag_of_england_stays_and_text_hidden_behind_it_goes():
    flag = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

    assert decode(f"{flag} English".encode()).text == f"{flag} English"
    assert decode((flag + "\U000e0041" * 50).encode()).text == flag


def test_text_is_composed():
    assert decode("re\u0301sume\u0301 한글".encode()).text == "résumé 한글"


def test_piles_of_marks_are_cut_before_they_cost_quadratic_time():
    started = time.monotonic()

    decoded = decode(("a" + "\u0301\u0316" * 2_000_000).encode())

    assert len(decoded.text) <= 31
    assert severities(decoded) == ["warning"]
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "data",
    [
        ("é " * 4_000_000).encode("latin-1"),
        b"x" * 9_000_000 + b"\xe9",
        ("東京" * 2_000_000).encode("shift_jis"),
        ("a\u200b" * 2_500_000).encode(),
        b"\r" * 10_000_000,
        b"\xe9\xc3\xa9" * 3_000_000,
        os.urandom(10_000_000),
    ],
    ids=["latin-1", "one byte at the end", "no space", "zero width", "cr", "half broken", "noise"],
)
def test_ten_megabytes_of_anything_on_one_line_take_seconds(data):
    started = time.monotonic()

    decode(data)

    assert time.monotonic() - started < 10


@given(st.one_of(st.binary(max_size=300), st.text(st.characters(exclude_categories=()), max_size=200)))
def test_any_bytes_become_text_that_postgres_json_and_a_reader_can_take(data):
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")

    text = decode(raw).text

    assert json.loads(json.dumps(text, ensure_ascii=False).encode()) == text
    assert "\x00" not in text
    assert "\r" not in text
    assert unicodedata.is_normalized("NFC", text)
    assert text.splitlines() == text.removesuffix("\n").split("\n") or text == ""


@given(st.text(max_size=300))
def test_sound_text_is_left_as_it_is(text):
    once = decode(text.encode()).text

    assert decode(once.encode()) == DecodedText(once, "utf-8")
