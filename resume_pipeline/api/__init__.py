"""The HTTP shell: search, answers, documents and the page over FastAPI.

A route takes its input, makes one call and shapes the result. Who may call it is ``api.access``; what is refused
becomes a problem document in ``api.problems``; blocking work runs on the threads of ``api.threads``.
"""
