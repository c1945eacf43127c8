"""From the local model to OpenAI's and back while a client searches without pause: nothing fails, nothing is mixed."""

import threading
from collections import defaultdict

from resume_pipeline.embedding.openai_api import RemoteOptions
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.ingestion.indexing import IndexWish
from resume_pipeline.ingestion.models import fill_model
from resume_pipeline.ingestion.serving import serve_model
from resume_pipeline.ingestion.spending import Spending, SpendingRules
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline_tests.pipeline import Pipeline, long_text

LOCAL, REMOTE = "local:wordllama-256", "openai:text-embedding-3-small"


class Client(threading.Thread):
    """Searches in a loop and keeps what it got by generation, and whatever failed."""

    def __init__(self, retriever: Retriever) -> None:
        super().__init__(daemon=True)
        self.retriever, self.done = retriever, threading.Event()
        self.answers: dict[int, set[tuple]] = defaultdict(set)
        self.seen: dict[int, int] = defaultdict(int)
        self.failures: list[Exception] = []

    def run(self) -> None:
        while not self.done.is_set():
            try:
                found = self.retriever.search("which query planner was measured?", mode="vector")
            except Exception as error:
                self.failures.append(error)
                continue
            self.answers[found.generation].add(
                tuple((hit.path, hit.chunk_index, round(hit.vector_score or 0, 4)) for hit in found.hits)
            )
            self.seen[found.generation] += 1

    def wait_for(self, generation: int, searches: int = 3) -> None:
        """Return when it has searched a generation so many times."""
        while self.seen[generation] < searches and not self.failures:
            self.done.wait(0.01)


def test_switching_to_openai_and_back_under_a_searching_client(engine, content, openai_server, tmp_path):
    openai_server.configure(vectors="hashing")  # others than the local model's, so that a mixture would show
    options = RemoteOptions(openai_server.key, openai_server.url, tmp_path / "pace.sqlite3")
    by_name = {name: load_embedder(name, options) for name in (LOCAL, REMOTE)}
    pipeline = Pipeline(engine, content, by_name[LOCAL])
    for number in range(4):
        pipeline.write(f"note-{number}.md", f"# Note {number}\n\n{long_text(12, seed=str(number))}")
    pipeline.run()
    sessions = pipeline.sessions
    client = Client(Retriever(sessions, by_name.__getitem__))
    client.start()
    client.wait_for(1)

    spending = Spending(sessions, SpendingRules(), REMOTE)
    filled = fill_model(sessions, by_name[REMOTE], IndexWish(), spending=spending)
    serve_model(sessions, by_name[REMOTE], configured=LOCAL)
    client.wait_for(2)
    asked = openai_server.state()["asked"]["inputs"]
    serve_model(sessions, by_name[LOCAL], configured=LOCAL)
    client.wait_for(3)
    pipeline.roll_back(2)
    client.wait_for(2, client.seen[2] + 3)
    client.done.set()
    client.join(30)

    assert client.failures == []
    assert set(client.answers) == {1, 2, 3}
    assert all(len(answers) == 1 for answers in client.answers.values()), "one generation gave two answers"
    assert client.answers[1] == client.answers[3] != client.answers[2]
    # Everything the server was asked for after the fill was the client's one question.
    inputs = openai_server.inputs()
    times = sorted((given["asked"] for given in inputs.values()), reverse=True)
    assert len(inputs) == filled.embeddings.sent + 1 and times[1:] == [1] * filled.embeddings.sent
    assert asked >= filled.embeddings.sent
