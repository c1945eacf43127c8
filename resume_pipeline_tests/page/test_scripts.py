"""The page's modules by themselves, in the browser: events, markdown, colours, and the marks in a document."""

import json

import pytest

STREAM = (
    ': keep-alive\n\nevent: sources\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: text\rdata: zażółć — 🚆\r\r'
    "id: 7\ndata:no space\n\nevent: nothing\n\ndata: cut off"
)
EVENTS = [
    {"event": "sources", "data": '{"a":\n1}'},
    {"event": "text", "data": "zażółć — 🚆"},
    {"event": "message", "data": "no space"},
]
HOSTILE = """<img src=x onerror="document.title='hacked'"> <script>document.title='hacked'</script>

[click](javascript:document.title='hacked') ![x](https://example.org/x.png) <https://example.org>

- **bold** and `code <b>` [9]

| a | b |
|---|---|
| <iframe src=//example.org></iframe> | <!-- gone --> |
"""

QUOTES = [
    (
        "One.\n\nMoved **31 billion\nrows** in a day. More.",
        (3, 4),
        "Moved 31 billion rows in a day.",
        "Moved 31 billion rows in a day.",
    ),
    ("- a\n- Uses `x` and [y](z.md), İst.", (2, 2), "- Uses `x` and [y](z.md), İst.", "Uses x and y, İst."),
    (
        "---\nspeaks:\n  - Polish\n  - English (C2)\n---\n",
        (1, 5),
        "Speaks: Polish, English (C2).",
        "speaks: - Polish - English (C2)",
    ),
    ("a\n\nHere it is.", (1, 1), "Here it is.", "Here it is."),
    ("a\n\nb", (1, 1), "not there", ""),
]


@pytest.fixture
def page(visit):
    return visit().page


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_read_wherever_the_stream_is_cut(page, size):
    read = """async ([bytes, size]) => {
        const { events } = await import("/assets/sse.js");
        const body = new ReadableStream({ start(controller) {
            for (let at = 0; at < bytes.length; at += size)
                controller.enqueue(new Uint8Array(bytes.slice(at, at + size)));
            controller.close();
        } });
        const found = [];
        for await (const event of events(body)) found.push(event);
        return found;
    }"""

    assert page.evaluate(read, [list(STREAM.encode()), size]) == EVENTS


def rendered(page, text: str, options: str = "{}") -> str:
    code = f"""async (text) => {{
        const {{ blocks }} = await import("/assets/markdown.js");
        const root = document.createElement("div");
        root.append(...blocks(text, {options}));
        document.body.append(root);
        return root.innerHTML;
    }}"""
    return str(page.evaluate(code, text))


def test_nothing_in_content_becomes_anything_but_text(page):
    html = rendered(page, HOSTILE)

    assert page.title() == "Ask about Tamsin"
    assert not any(tag in html for tag in ("<img", "<script", "<iframe", "<a ", "href", "javascript:", "gone"))
    assert "<strong>bold</strong> and <code>code &lt;b&gt;</code> [9]" in html


def test_markdown_becomes_the_elements_it_means(page):
    text = "# One\n\nA *b* **c**\nd.\n\nTwo\n===\n\n1. x\n2. y\n   - z\n\n> q\n\n"
    text += "```sql\na < b\n```\n\n---\n\n| h ||\n|---|---|\n| 1 | 2 |"

    assert rendered(page, text) == (
        '<h3 class="level-1">One</h3><p>A <em>b</em> <strong>c</strong>\nd.</p><h3 class="level-1">Two</h3>'
        "<ol><li>x</li><li>y<ul><li>z</li></ul></li></ol><blockquote><p>q</p></blockquote>"
        '<pre tabindex="0"><code>a &lt; b</code></pre><hr>'
        '<div class="table" tabindex="0" role="group" aria-label="Table">'
        "<table><thead><tr><th>h</th><td></td></tr></thead>"
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>"
    )


def test_every_line_of_a_document_knows_its_number(page):
    text = "---\ntitle: T\n---\n\n# H\n\nfirst\nsecond <!-- a\nb --> third\n\n- one\n  two\n\n```\ncode\n```"
    rendered(page, text, "{ numbered: true }")

    found = (
        page.locator("body > div")
        .last.locator("[data-line]")
        .evaluate_all(
            "nodes => nodes.map(node => [+node.dataset.line, node.textContent.trim()]).filter(([, said]) => said)"
        )
    )

    assert found == [
        [2, "title: T"], [5, "H"], [7, "first"], [8, "second"], [9, "third"], [11, "one"], [12, "two"], [15, "code"],
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "lines", "quote", "marked"), QUOTES)
def test_a_quote_is_marked_word_for_word(page, text, lines, quote, marked):
    start, end = lines
    rendered(page, text, "{ numbered: true }")
    mark = """async (passage) => {
        const { markPassage } = await import("/assets/highlight.js");
        const root = document.body.lastElementChild;
        markPassage(root, passage);
        return [...root.querySelectorAll("mark")].map(mark => mark.textContent).join("");
    }"""

    found = page.evaluate(mark, {"start_line": start, "end_line": end, "quote": quote})

    assert " ".join(found.split()) == marked


def test_any_accent_can_be_read(page):
    code = """async (accents) => {
        const { accentProperties } = await import("/assets/colors.js");
        return accents.map(accentProperties);
    }"""
    accents = [f"#{red:02x}{green:02x}{blue:02x}" for red in RAMP for green in RAMP for blue in RAMP]
    grounds = {"light": ("#ffffff", "#f6f7f9"), "dark": ("#101216", "#1b1f27")}

    for properties in page.evaluate(code, accents):
        for theme, behind in grounds.items():
            accent, on = properties[f"--accent-on-{theme}"], properties[f"--on-accent-{theme}"]
            assert contrast(accent, on) >= 4.5, json.dumps(properties)
            assert all(contrast(accent, ground) >= 4.5 for ground in behind), json.dumps(properties)


RAMP = (0, 85, 170, 255)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
