"""What its author does not want published, in every spelling, and what only looks like it."""

from resume_pipeline_tests.hostile.case import Case, table

_HIDDEN = {
    "drafts": [
        "draft: true",
        "draft: True",
        "draft: TRUE",
        "draft: yes",
        "draft: Yes",
        "draft: on",
        "draft: y",
        "draft: 1",
        'draft: "true"',
        "draft: 'yes'",
        "draft: !!bool true",
        "draft: [true]",
        "draft: true # not yet",
        "draft:\ttrue",
        "draft : true",
        '"draft": true',
        "'draft': true",
        "Draft: true",
        "DRAFT: true",
        "isDraft: true",
        "is_draft: true",
        "is-draft: true",
        "published: false",
        "Published: No",
        'published: "false"',
        "published: off",
        "published: 0",
        "publish: false",
        "isPublished: false",
        "status: draft",
        "Status: Draft",
        "status: unpublished",
        "state: draft",
        "visibility: draft",
        "draft: false\ndraft: true",
        "draft: true\nbroken: 'x",
        "draft: true\ntabs:\n\tx: [",
        "draft: >-\n  true",
        "draft: &d true\nother: *d",
        "base: &b {draft: true}\n<<: *b",
        "status: [draft]",
        "status: [draft, review]",
    ],
    "private": [
        "private: true",
        "Private: yes",
        "is_private: true",
        "private: 1",
        "visibility: private",
        "Visibility: PRIVATE",
        "visibility: [private]",
        "visibility: hidden",
        "visibility: unlisted",
        "visibility: internal",
        "visibility: secret",
        "visibility: 'private '",
        "access: private",
        "access: restricted",
        "hidden: true",
        "unlisted: true",
        "unpublished: true",
        "secret: true",
        "confidential: true",
        "internal: true",
        "public: false",
        "visible: false",
        "is_public: no",
        "status: private",
        "publish: private",
        "published: private",
        "audience: internal",
        "private: true\nbroken: {x",
    ],
}
_CONTRADICTIONS = [
    "draft: true\ndraft: false",
    "draft: true\nDraft: false",
    "Draft: false\ndraft: true",
    "isDraft: true\ndraft: false",
    "is_draft: false\nDRAFT: yes",
    "draft: yes\nrole: 'broken\ndraft: no",
    "draft:\n- true\ndraft: false",
    "draft: true\ndraft: maybe",
    "draft: true\ndraft:",
    "published: false\npublished: true",
    "published: false\npublish: true",
    "publish: no\nPublished: 2021-03-04",
    "visibility: private\nvisibility: public",
    "visibility: public\nVisibility: private",
    "visibility: hidden\nVISIBILITY: public\nvisibility: visible",
    "status: draft\nstatus: published",
    "private: true\nprivate: false",
    "private: true\nisPrivate: false",
    "is_private: no\nprivate: yes",
    "public: false\npublic: true",
    "hidden: on\nhidden: off",
    "draft: true\npublished: true",
    "draft: false\npublished: false",
    "access: restricted\naccess: everyone",
]
_VISIBLE = [
    "draft: false",
    "draft: no",
    "draft:",
    "draft: 0",
    "drafted: true",
    "draft_number: 1",
    "published: true",
    "published: 2021-03-04",
    "published:",
    "status: published",
    "status: completed",
    "visibility: public",
    "private: false",
    "public: true",
    "note: 'draft: true'",
    "# draft: true",
    "jobs:\n  - draft: true",
    "state: Texas",
    "access: A pass by lottery",
    "status: WIP",
    "draft: later",
    "jobs:\n  - draft: true\ndraft: false",
    "base: &b {draft: true}\n<<: *b\ndraft: false",
    "note: |\n  draft: true\ndraft: false",
]
_OTHER = {
    "flow": "---\n{draft: true, title: gone}\n---\n# gone\n",
    "toml": "+++\ndraft = true\n+++\n# gone\n",
    "toml-string": '+++\nvisibility = "private"\n+++\n# gone\n',
    "toml-broken": "+++\ndraft = true\nbroken = x y\n+++\n# gone\n",
    "toml-unterminated": "+++\ndraft = true\n\n# gone\n",
    "json": '{\n "draft": true\n}\n\n# gone\n',
    "json-broken": '{\n "draft": true,\n broken\n}\n\n# gone\n',
    "unterminated": "---\ndraft: true\ntitle: gone\n\n# gone\n",
    "unterminated-broken": "---\ndraft: true\nrole: 'x\n\n# gone\n",
    "blank-line-first": "\n\n---\ndraft: true\n---\n# gone\n",
    "dots": "---\ndraft: true\n...\n# gone\n",
    "longer-than-the-limit": "---\ndraft: true\nnote: " + "word " * 20_000 + "\n---\n# gone\n",
    "longer-than-the-limit-last": "---\nnote: " + "word " * 20_000 + "\ndraft: true\n---\n# gone\n",
    "after-1500-keys": "---\n" + "\n".join(f"k{n}: 'a" for n in range(1500)) + "\ndraft: true\n---\n# gone\n",
    "bomb": "---\ndraft: true\na: " + "[" * 300 + "\n---\n# gone\n",
    "indented": "---\n  draft: true\n  title: gone\n---\n# gone\n",
    "indented-broken": "---\n  draft: true\n  title: 'gone\n---\n# gone\n",
    "closing-indented": "---\ndraft: true\n  ---\n# gone\n",
}


def _case(family: str, name: str, text: str, *, hidden: bool) -> Case:
    path = f"{family}/{name}.md".encode()
    return Case(family, path, text, "skipped" if hidden else "indexed")


CASES = [
    *(
        _case("contradictions", f"{number:02}", f"---\ntitle: gone\n{keys}\n---\n\n# gone\n", hidden=True)
        for number, keys in enumerate(_CONTRADICTIONS)
    ),
    *(
        _case("contradictions", name, text, hidden=True)
        for name, text in {
            "toml": "+++\ndraft = true\ndraft = false\n+++\n# gone\n",
            "toml-spellings": "+++\ndraft = true\nDraft = false\n+++\n# gone\n",
            "json": '{\n"draft": true,\n"draft": false\n}\n\n# gone\n',
            "json-one-line": '{"draft": true, "draft": false}\n\n# gone\n',
            "json-broken": '{\n"draft": true,\n"draft": false,\n}\n\n# gone\n',
            "unterminated": "---\ndraft: true\ndraft: false\n\n# gone\n",
        }.items()
    ),
    *(
        _case(family, f"{number:02}", f"---\ntitle: gone\n{key}\n---\n\n# gone\n\ngone body\n", hidden=True)
        for family, keys in _HIDDEN.items()
        for number, key in enumerate(keys)
    ),
    *(
        _case("not-hidden", f"{number:02}", f"---\ntitle: A\n{key}\n---\n\n# Body\n\nkept\n", hidden=False)
        for number, key in enumerate(_VISIBLE)
    ),
    *(_case("drafts", name, text, hidden=True) for name, text in _OTHER.items()),
    *table(
        "contradictions",
        [
            ("not-draft-twice", "---\ndraft: false\ndraft: no\n---\n# kept\n", "warning"),
            ("not-draft-in-two-spellings", "---\ndraft: false\nDraft: false\n---\n# kept\n", "warning"),
            ("nested", "---\njobs:\n  draft: true\n  draft: true\ndraft: false\n---\n# kept\n", "warning"),
        ],
    ),
]
