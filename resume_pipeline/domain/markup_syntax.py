"""How the things that no reader sees are written: one expression that finds where each begins, and their limits.

What is done with each is ``domain.markup``.
"""

import re

NEEDED = re.compile(
    r"<!--|<(?:script|style)\b|^[ \t>]*:::|\{\{|\{[%#:.@>]|\{/\*|<%|^(?:import|export)\b|^[ \t]*</?(?-i:[A-Z])|=\{"
    r"|\{\.\.\.|%%|-8<-|[\])]\{|^\([\w-]+\)=|\{(?:props|frontmatter|meta)\.|<[a-z]+[^>\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE = r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
_INDENTED = r"(?:\A|(?<=\n))(?P<indented>(?:[ ]{4}|[ ]{0,3}\t)[ \t]*[^\s])"
_IMPORT = r"""^import\s+(?:[\w*${][^'"\n;]*?(?:\n[^'"\n;]+){0,40}?\sfrom\s+)?['"][^'"\n]+['"];?[ \t]*$"""
_EXPORT = (
    r"^export\s+(?:(?:const|let|var)\s+[\w$\[{][^\n=]*=|(?:default\s+)?(?:async\s+)?(?:function|class)\b[^\n]*[{(]"
    r"|default\s+(?:[({\[]|[\w.$]+;?[ \t]*$)|\{|\*\s+from)"
)
_DIRECTIVE = (
    r"""^[ \t>]*(?P<directive>:{3,}(?:(?:[a-z-]+(?:[ \t]+[\w-]+="[^"\n]*")*[ \t]*:*|\{[^}\n]*\})?"""
    # With a title: ":::note Read this", ":::tip[Read this]", ":::{admonition} Read this".
    r"""|(?:[ \t]*(?:\{[\w-]+\}|(?:note|tip|info|warning|danger|caution|important|details|example|question)\b)"""
    r"""|[a-z][\w-]*)(?:\[(?P<label>[^\]\n]*)\]|[ \t]+(?P<title>[^\n={}:][^\n={}]*))))[ \t]*$"""
)
DIRECTIVE_HOLDS = re.compile(r"(?:\n[ \t]*(?=\n)|\n[ ]{4,}(?![ :]|[-*+][ ]|\d+[.)])[^\n]*)++(?=\n[ \t]*:{3})")
DIRECTIVE_LIMIT = 20_000
ALT = re.compile(r'alt(?:-text)?="([^"\n]*)"')
_JSX_VALUE = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}"
_JSX_ATTRIBUTE = (
    rf"""(?:\s++[A-Za-z_:][\w:.-]*+(?:=(?:"[^"]*+"|'[^']*+'|{_JSX_VALUE}))?+|\s*+\{{\.\.\.[^{{}}]{{1,200}}\}})"""
)
JSX = re.compile(rf"</?(?P<name>[A-Za-z][\w.]*+)?+(?P<attributes>{_JSX_ATTRIBUTE}*+)\s*+/?>")
# Of kramdown ({: .no_toc}) and Goldmark ({#id .class}), at the end of a line.
_ATTRIBUTES = (
    r"\{(?::[^{}\n]{0,300}|[#.][A-Za-z][\w-]*+(?:[ ]+[^{}\n]{0,300})?)\}(?=[ \t]*$)"
    # Of Pandoc, after a link, an image or a span.
    r"|(?<=[\])])\{(?:[#.][A-Za-z]|[A-Za-z-]{1,40}=)[^{}\n]{0,300}\}"
)
# A label of MyST, a snippet of PyMdown, what Svelte and MDX put in place of a value.
_PLACEHOLDER = (
    r"^\([\w-]+\)=[ \t]*$|^[ \t]*-{1,3}8<-{1,3}(?:[ \t]+[\"'][^\"'\n]*[\"'])?[ \t]*$"
    r"|(?<![\w$/])\{(?:props|frontmatter|meta)(?:\.\w+)+\}"
    r"|\{(?:@(?:html|debug|const|render)|/(?:if|each|await|key|snippet)|:(?:else|then|catch))\b[^{}\n]{0,300}\}"
)
OPENER = re.compile(
    rf"{_FENCE}|{_INDENTED}|{_DIRECTIVE}|(?P<import>{_IMPORT})|(?P<export>{_EXPORT})"
    r"|\\(?P<escape>[^\n])|(?P<ticks>`+)|(?P<comment><!--)|<(?P<element>script|style)\b"
    rf"|(?P<note>(?<!\S)%%(?!%)|\{{>>|\{{::comment\}})|(?P<attributes>{_ATTRIBUTES}|{_PLACEHOLDER})"
    r"|(?P<template>\{\{[<%/{]?|\{%|\{/\*|<%|\{#[ ])|(?P<tag></?(?=[A-Za-z>]))",
    re.MULTILINE | re.IGNORECASE,
)
TEMPLATE_ENDS = {"{{<": ">}}", "{{%": "%}}", "{{/": "}}", "{{{": "}}}", "{{": "}}", "{%": "%}", "{/*": "*/}"} | {
    "<%": "%>",
    "{# ": "#}",
}
BLOCK_TAG = re.compile(r"(?:\{%-?|\{\{[<%])\s*(?P<name>comment|raw|highlight)\b")
LIST_LINE = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?:\s|$)|\s*\[\^|\s*[:~]\s|\s{1,3}\S")
NOTE_ENDS = {"%%": "%%", "{>>": "<<}", "{::comment}": "{:/comment}"}
"""Comments of Obsidian, CriticMarkup and kramdown; one that is never closed is text."""
TEMPLATE_LIMIT = 4000
JSX_FAILURES = 200
"""After so many tags that turn out not to be JSX the rest is taken for something else (this bounds the time)."""
