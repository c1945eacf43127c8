"""An OpenAI-compatible HTTP server on loopback: real vectors, limits and headers, counted inputs, faults on demand.

``python -m resume_pipeline_tests.openai_server`` (or ``make openai-server``) starts one to try things out with;
``running.RunningServer`` starts one for tests, in a process of its own, so that killing a client does not touch it.
``app`` is HTTP and the routes; ``embeddings``, ``batches`` and ``chat`` answer; ``ledger`` counts, ``limits`` paces,
``faults`` breaks, ``vectors`` are the model.
"""
