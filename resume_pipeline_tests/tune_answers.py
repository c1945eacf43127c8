"""Fit and measure the bar of evidence (``domain.evidence``): ``make tune-answers QUESTIONS=/folder``.

Two kinds of content: the folder given (short documents on many subjects, with ``questions.jsonl``), and the sample
portfolio with its golden questions and those beside the tests. Figures are from k-fold cross-validation (10 folds, 5
times, fixed seeds): no question is judged by a model that has seen it. What is printed last goes into
``domain/gate_weights.py``.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.answering.evidence import features, weigh
from resume_pipeline.domain.evidence import Features
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.retrieval.lexemes import lexemes_of
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import make_engine
from resume_pipeline.storage.migrations import upgrade
from resume_pipeline_tests.conftest import create_database
from resume_pipeline_tests.pipeline import Pipeline

OWN_QUESTIONS = PROJECT_ROOT / "resume_pipeline_tests/answering/portfolio_questions.jsonl"
HITS = 8
RIDGE = 0.02
FOLDS, TIMES = 10, 5


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def measured(
    server: EmbeddedPostgres, name: str, content: Path, questions: list[dict[str, Any]], embedder: Embedder
) -> tuple[list[Features], np.ndarray]:
    """The features of every question that finds something, and which are answerable."""
    create_database(server, name)
    engine = make_engine(server.url(name))
    upgrade(engine)
    pipeline = Pipeline(engine, content, embedder)
    pipeline.run()
    found, answerable = [], []
    for line in questions:
        result = pipeline.retriever.search(line["question"], limit=HITS)
        weighed = weigh(result.hits, lambda texts: lexemes_of(pipeline.sessions, texts))
        found.append(features(line["question"], result, weighed, embedder))
        answerable.append(bool(line["relevant"]))
    engine.dispose()
    return found, np.array(answerable)


def fit(values: np.ndarray, answerable: np.ndarray) -> tuple[float, np.ndarray]:
    """(intercept, weights) of a ridge logistic regression by Newton's method, both classes weighing the same."""
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-9
    x = np.hstack([np.ones((len(values), 1)), (values - mean) / scale])
    weight = np.where(answerable, 0.5 / answerable.mean(), 0.5 / (1 - answerable.mean()))
    beta = np.zeros(x.shape[1])
    ridge = RIDGE * len(values) * np.diag([0.0, *np.ones(values.shape[1])])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (weight * (answerable - p)) - ridge @ beta
        beta += np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + ridge, gradient)
    weights = beta[1:] / scale
    return float(beta[0] - weights @ mean), weights


def out_of_fold(values: np.ndarray, answerable: np.ndarray) -> np.ndarray:
    """For every question the mean score (log-odds) of the models that have not seen it."""
    scores = np.zeros(len(values))
    for seed in range(TIMES):
        fold = np.empty(len(values), dtype=int)
        chance = np.random.default_rng(seed)
        for group in (True, False):
            members = chance.permutation(np.flatnonzero(answerable == group))
            fold[members] = np.arange(len(members)) % FOLDS
        for number in range(FOLDS):
            intercept, weights = fit(values[fold != number], answerable[fold != number])
            scores[fold == number] += (intercept + values[fold == number] @ weights) / TIMES
    return scores


def area(scores: np.ndarray, answerable: np.ndarray) -> float:
    """Area under the ROC curve: how often an answerable question scores above one that is not."""
    yes, no = scores[answerable][:, None], scores[~answerable][None, :]
    return float((yes > no).mean() + (yes == no).mean() / 2)


def row(name: str, scores: np.ndarray, answerable: np.ndarray, bar: float) -> str:
    """A line of the table."""
    yes, no = scores[answerable], scores[~answerable]
    at_15 = (no < np.quantile(yes, 0.15)).mean()
    at_85 = (yes < np.quantile(no, 0.85)).mean()
    return (
        f"| {name} | {len(yes)} / {len(no)} | {area(scores, answerable):.3f} | {(no < bar).mean():.1%} | "
        f"{(yes < bar).mean():.1%} | {at_15:.1%} | {at_85:.1%} |"
    )


def table(found: list[Features], names: list[str]) -> np.ndarray:
    return np.array([[one.values()[name] for name in names] for one in found])


def best_bar(scores: np.ndarray, answerable: np.ndarray, most_declined: float) -> float:
    """The log-odds below which questions are declined: declines as many as may be of those that are answerable."""
    return float(np.quantile(scores[answerable], most_declined))


def report(
    kind: str, found: list[Features], answerable: np.ndarray, most_declined: float, parts: dict[str, Any]
) -> str:
    """Print the table of a kind; its weights as Python."""
    text = ""
    names = list(found[0].values())
    for measured_by in ("vectors", "words"):
        used = [name for name in names if measured_by == "vectors" or not name.startswith("cos_")]
        values = table(found, used)
        scores = out_of_fold(values, answerable)
        bar = best_bar(scores, answerable, most_declined)
        print(row(f"{kind}, {measured_by}", scores, answerable, bar))
        for part, members in parts.items():
            print(row(f"{kind}, {measured_by}: {part}", scores[members], answerable[members], bar))
        intercept, weights = fit(values, answerable)
        shipped = intercept + values @ weights
        print(row(f"{kind}, {measured_by}, as shipped (seen)", shipped, answerable, bar))
        lines = [f'        "{name}": {weight:.4f},\n' for name, weight in zip(used, weights, strict=True)]
        text += (
            f'    "{kind}, {measured_by}": {{\n        "intercept": {intercept - bar:.4f},\n{"".join(lines)}    }},\n'
        )
    return text


def main() -> None:
    """Print the tables, and the weights."""
    parser = argparse.ArgumentParser(prog="make tune-answers", description=__doc__)
    parser.add_argument("questions", type=Path, help="a folder of markdown with questions.jsonl")
    parser.add_argument("--content", type=Path, default=PROJECT_ROOT / "content")
    options = parser.parse_args()
    if not (options.questions / "questions.jsonl").is_file():
        raise SystemExit("make tune-answers QUESTIONS=/path/to/folder: a folder with questions.jsonl is needed.")
    embedder = load_embedder("local:wordllama-256")
    scratch = Path(tempfile.mkdtemp())
    server = EmbeddedPostgres(scratch / "state")
    server.start()
    try:
        collection = measured(
            server, "collection", options.questions, read(options.questions / "questions.jsonl"), embedder
        )
        golden = read(options.content / "golden_questions.jsonl")
        own = read(OWN_QUESTIONS)
        portfolio = measured(server, "portfolio", options.content, golden + own, embedder)
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    print("| | answerable / not | AUC | not: declined | answerable: declined | declined at 15 % | lost at 85 % |")
    print("|---|---|---|---|---|---|---|")
    parts = {"golden": np.arange(len(golden)), "own": np.arange(len(golden), len(golden) + len(own))}
    text = report("collection", *collection, 0.15, {}) + report("portfolio", *portfolio, 0.145, parts)
    print(f"\nWEIGHTS: Mapping[str, Mapping[str, float]] = {{\n{text}}}")


if __name__ == "__main__":
    main()
