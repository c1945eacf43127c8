"""What is a source file at all: names of any bytes, links, things that are no files, empty, huge and hidden ones."""

from resume_pipeline_tests.hostile.case import Case, Kind, Outcome

_TEXT = "# Heading\n\nkept\n"
LIMIT_MB = 2


def _name(path: bytes | str, outcome: Outcome = "indexed", text: str | bytes = _TEXT, *, plain: bool = True) -> Case:
    raw = path.encode() if isinstance(path, str) else path
    return Case("names", b"names/" + raw, text, outcome, plain=plain)


NAMES = [
    *map(
        _name,
        [
            "plain.md",
            "UPPER.MD",
            "Mixed.Md",
            "long.markdown",
            "LONG.MARKDOWN",
            "component.mdx",
            "COMPONENT.MDX",
            "with space.md",
            " leading space.md",
            "trailing space .md",
            " .md",
            "two  spaces.md",
            "single'quote.md",
            'double"quote.md',
            "back`tick.md",
            "back\\slash.md",
            "looks\\x41escaped.md",
            "new\nline.md",
            "carriage\rreturn.md",
            "tab\tname.md",
            "-leading-dash.md",
            "--help.md",
            "-rf.md",
            "%20encoded.md",
            "%00.md",
            "percent%s%d.md",
            "dollar$(touch owned).md",
            "semi;colon&and|pipe.md",
            "star*question?.md",
            "[brackets].md",
            "{braces}.md",
            "<angle>.md",
            "co:lon.md",
            "comma,name.md",
            "hash#.md",
            "#emacs#.md",
            "tilde~.md",
            "~.md",
            "at@sign.md",
            "plus+equals=.md",
            "exclaim!.md",
            "dots...many.md",
            "double.ext.md",
            "index.md",
            "README.md",
            "_index.md",
            "_draft-like.md",
            "CON.md",
            "résumé.md",
            "re\u0301sume\u0301.md",
            "日本語.md",
            "ภาษาไทย.md",
            "مرحبا.md",
            "👩‍💻.md",
            "zero\u200bwidth.md",
            "bidi\u202eoverride.md",
            "line\u2028separator.md",
            "folder.md/inside.md",
            "sp ace/in folder.md",
            "folder\nnewline/file.md",
            "ünï/cödé/file.md",
            "quote'/\"/file.md",
            "x" * 252 + ".md",
            "é" * 126 + ".md",
            "/".join("d" * 20 for _ in range(40)) + "/deep.md",
            "/".join(["n"] * 300) + "/deep.md",
        ],
    ),
    _name(b"latin\xe9.md"),
    _name(b"\xff\xfe.md"),
    _name(b"caf\xe9 folder/caf\xe9.md"),
    _name(b"cesu\xed\xa0\x80.md"),
    _name(b"control\x01\x7f.md"),
    _name("/".join("d" * 200 for _ in range(11)) + "/too-deep.md", "skipped"),
    *(
        _name(path, "absent", "# gone\n")
        for path in (
            ".hidden.md",
            ".md",
            "..md",
            ".hidden/file.md",
            ".git/notes.md",
            ".obsidian/plugin.md",
            "node_modules/pkg/README.md",
            "__pycache__/x.md",
            "backup.md~",
            "backup.md.bak",
            "swap.md.swp",
            "no-extension",
            "text.txt",
            "amd",
            "file.md.txt",
            "file.mdown",
        )
    ),
]


def _special(path: str, data: str, outcome: Outcome, kind: Kind = "link", family: str = "links-and-devices") -> Case:
    return Case(family, path.encode(), data, outcome, kind=kind)


SPECIAL = [
    _special("links/data/target.txt", "# Linked\n\nnothing of its own\n", "absent", "file"),
    _special("links/inside.md", "data/target.txt", "indexed"),
    _special("links/real.md", "# kept\n", "indexed", "file"),
    _special("links/to-real.md", "real.md", "skipped"),
    _special("links/to-link.md", "to-real.md", "skipped"),
    _special("links/second-inside.md", "data/target.txt", "skipped"),
    _special("links/out-absolute.md", "/etc/passwd", "skipped"),
    _special("links/out-relative.md", "../../outside/secret.md", "skipped"),
    _special("links/out-by-root.md", "{root}/../outside/secret.md", "skipped"),
    _special("links/out-by-prefix.md", "{root}-evil/secret.md", "skipped"),
    _special("links/out-to-proc.md", "/proc/self/environ", "skipped"),
    _special("links/out-to-device.md", "/dev/zero", "skipped"),
    _special("links/out-twice.md", "out-relative.md", "skipped"),
    _special("links/out-folder", "../../outside", "skipped"),
    _special("links/folder-link", "data", "skipped"),
    _special("links/folder-up", "..", "skipped"),
    _special("links/folder-root", "{root}", "skipped"),
    _special("links/self.md", "self.md", "skipped"),
    _special("links/loop-a.md", "loop-b.md", "skipped"),
    _special("links/loop-b.md", "loop-a.md", "skipped"),
    _special("links/broken.md", "nowhere.md", "skipped"),
    _special("links/broken-absolute.md", "/nowhere/at/all.md", "skipped"),
    _special("links/through-file.md", "real.md/below.md", "skipped"),
    _special("links/to-fifo.md", "../devices/fifo.md", "skipped"),
    _special("devices/fifo.md", "", "skipped", "fifo"),
    _special("devices/socket.md", "", "skipped", "socket"),
    _special("devices/fifo.txt", "", "absent", "fifo"),
    _special("devices/socket", "", "absent", "socket"),
]


def _size(name: str, data: str | bytes, outcome: Outcome) -> Case:
    return Case("sizes", f"sizes/{name}.md".encode(), data, outcome)


SIZES = [
    _size("empty", b"", "skipped"),
    _size("one-newline", "\n", "skipped"),
    _size("spaces", "     ", "skipped"),
    _size("blanks", " \n\t\n \r\n", "skipped"),
    _size("no-break-space", "\u00a0\n\u2003\n", "skipped"),
    _size("only-a-comment", "<!-- gone -->\n", "skipped"),
    _size("only-a-script", "<script>gone</script>\n", "skipped"),
    _size("only-a-shortcode", "{{< gone >}}\n", "skipped"),
    _size("only-a-tag", "<div class='gone'></div>\n", "skipped"),
    _size("only-rules", "---\n\n***\n\n___\n", "skipped"),
    _size("only-hashes", "#\n##\n###\n", "skipped"),
    _size("only-a-reference", "[a]: https://gone.example\n", "skipped"),
    _size("only-an-image", "![](gone.png)\n", "skipped"),
    _size("only-empty-quote", ">\n> >\n", "skipped"),
    _size("only-empty-list", "-\n-\n1.\n", "skipped"),
    _size("only-empty-fence", "```\n```\n", "skipped"),
    _size("one-letter", "a", "indexed"),
    _size("one-emoji", "👩‍💻", "indexed"),
    _size("over-the-limit", b"gone " * (LIMIT_MB * 1_000_000 // 5 + 1), "skipped"),
    _size("many-short-lines", "kept\n\n" + "a b c d e\n" * 4_000, "indexed"),
]

IGNORE_FILES = {
    b".resumeignore": "# what stays out\n\nignored/drawer/\n*.tmp.md\n/ignored/anchored.md\nignored/**/any-depth.md\n"
    "!ignored/back.tmp.md\nignored/trailing\\ space.md\nignored/[ab]-class.md\n\ufeff\n",
    b"ignored/below/.resumeignore": "*\n!this.md\n",
    b"ignored/latin/.resumeignore": "caf\udce9.md\n",
}
IGNORED = [
    Case("ignored", f"ignored/{path}".encode(), "# gone\n" if outcome == "absent" else _TEXT, outcome)
    for path, outcome in [
        ("drawer/notes.md", "absent"),
        ("drawer/deep/notes.md", "absent"),
        ("x.tmp.md", "absent"),
        ("sub/x.tmp.md", "absent"),
        ("back.tmp.md", "indexed"),
        ("anchored.md", "absent"),
        ("sub/anchored.md", "indexed"),
        ("any-depth.md", "absent"),
        ("a/b/c/any-depth.md", "absent"),
        ("trailing space.md", "absent"),
        ("a-class.md", "absent"),
        ("c-class.md", "indexed"),
        ("below/that.md", "absent"),
        ("below/this.md", "indexed"),
        ("drawer.md", "indexed"),
    ]
]
IGNORED.append(Case("ignored", b"ignored/latin/caf\xe9.md", "# gone\n", "absent"))

CASES = [*NAMES, *SPECIAL, *SIZES, *IGNORED]
