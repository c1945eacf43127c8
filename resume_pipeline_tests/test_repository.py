"""The rules of the repository itself: layers, sizes, docstrings, pins, and what lies at the top."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pathspec import GitIgnoreSpec

from resume_pipeline import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "resume_pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))
PYPROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))
TOP_LEVEL = {
    *("pyproject.toml", "workspace.yaml", "alembic.ini", "dagster.yaml", "constraints.txt", "Makefile"),
    *("README.md", "CHANGELOG.md", "LICENSE"),
    *("resume_pipeline", "resume_pipeline_tests", "migrations", "content", "docs"),
}
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 50

# One violation of each contract, and the module it is written into.
VIOLATIONS = {
    "imports point downwards": ("domain/fusion.py", "import resume_pipeline.storage.engine"),
    "only storage knows the database drivers": ("content/scan.py", "import sqlalchemy"),
    "only the shells know dagster, typer and rich": ("ingestion/planning.py", "import rich"),
    "only the api knows fastapi, starlette and uvicorn": ("bootstrap/serving.py", "import fastapi"),
    "only its shell knows the protocol of assistants": ("bootstrap/answering.py", "import mcp"),
    "the domain is pure": ("domain/hashing.py", "import os"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts; not by the script in .venv, whose first line breaks in a path with a space."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", code, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, nested ones and methods included."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def public_without_docstring(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Names of the public classes, functions and methods that say nothing about themselves."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from public_without_docstring(node.body, f"{prefix}{node.name}.")


def pinned() -> dict[str, Version]:
    lines = (PROJECT_ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def named_dependencies() -> list[Requirement]:
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    return [Requirement(line) for group in (PYPROJECT["project"]["dependencies"], *extras) for line in group]


def top_level_names() -> set[str]:
    """What git holds at the top; where this is no working copy, what lies there and is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    ).stdout
    if listed:
        return {path.split("/")[0] for path in listed.split("\0") if path}
    ignored = GitIgnoreSpec.from_lines((PROJECT_ROOT / ".gitignore").read_text("utf-8").splitlines())
    entries = (entry.name + "/" * entry.is_dir() for entry in PROJECT_ROOT.iterdir())
    return {name.rstrip("/") for name in entries if not ignored.match_file(name)}


def test_imports_point_downwards_and_every_other_contract_holds():
    result = lint_imports(PROJECT_ROOT)

    assert result.returncode == 0, result.stdout + result.stderr


def test_each_contract_is_broken_by_the_import_it_forbids(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "resume_pipeline", ignore=shutil.ignore_patterns("data", "__pycache__"))
    shutil.copy(PROJECT_ROOT / "pyproject.toml", tmp_path)
    for module, line in VIOLATIONS.values():
        with (tmp_path / "resume_pipeline" / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")

    result = lint_imports(tmp_path)

    assert result.returncode == 1
    broken = set(re.findall(r"^(.*\S)\s+BROKEN\b", result.stdout, re.M))
    assert broken == set(VIOLATIONS)
    assert {contract["name"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]} == broken


def test_a_package_that_no_layer_names_breaks_the_contract(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "resume_pipeline", ignore=shutil.ignore_patterns("data", "__pycache__"))
    shutil.copy(PROJECT_ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "resume_pipeline" / "elsewhere.py").write_text('"""In no layer."""\n')

    result = lint_imports(tmp_path)

    assert result.returncode == 1
    assert "elsewhere" in result.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_is_short_and_says_what_it_is(module):
    source = module.read_text("utf-8")
    tree = ast.parse(source)
    long = {f.name for f in functions(tree) if (f.end_lineno or 0) - f.lineno + 1 > MAX_FUNCTION_LINES}

    assert len(source.splitlines()) <= MAX_MODULE_LINES
    assert long == set(), f"functions of more than {MAX_FUNCTION_LINES} lines"
    assert ast.get_docstring(tree), "no docstring at the top"
    assert list(public_without_docstring(tree.body)) == [], "public names without a docstring"


def test_pyproject_does_not_shadow_the_workspace_file():
    workspace = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text("utf-8"))
    modules = {entry["python_module"]["module_name"] for entry in workspace["load_from"]}
    tools = PYPROJECT["tool"]

    assert modules == {"resume_pipeline.definitions"}
    assert "dg" not in tools
    assert tools.get("dagster", {"module_name": "resume_pipeline.definitions"})["module_name"] in modules


def test_the_top_of_the_repository_holds_only_what_belongs_there():
    visible = {name for name in top_level_names() if not name.startswith(".")}

    assert visible - TOP_LEVEL == set()


def test_constraints_are_versions_and_nothing_else():
    lines = (PROJECT_ROOT / "constraints.txt").read_text("utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!]*|", line)]

    assert odd == []
    assert len(pinned()) > 50


def test_every_dependency_is_pinned_at_a_version_that_pyproject_allows():
    pins = pinned()
    wrong = [
        str(wanted)
        for wanted in named_dependencies()
        if canonicalize_name(wanted.name) not in pins or pins[canonicalize_name(wanted.name)] not in wanted.specifier
    ]

    assert wrong == []


def test_dagster_and_its_siblings_are_pinned_in_step():
    family = {name: str(version) for name, version in pinned().items() if name.split("-")[0] == "dagster"}
    core = {"dagster", "dagster-webserver", "dagster-graphql", "dagster-pipes", "dagster-shared"}

    assert core <= set(family)
    assert {family[name] for name in core} == {"1.13.27"}
    assert {version for name, version in family.items() if name not in core} <= {"0.29.27"}


def test_the_walk_in_the_architecture_names_every_module_once():
    text = (PROJECT_ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    walk = text[text.index("## The walk") : text.index("## The tables")]
    named = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)`", walk)
    package = PROJECT_ROOT / "resume_pipeline"
    modules = {
        ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if path.name != "__init__.py"
    }
    times = {module: named.count(module) for module in modules}
    assert {module: count for module, count in times.items() if count != 1} == {}
