"""The use cases of evaluation: golden questions asked of a state of the index, and what they found.

Questions are read here, asked through ``retrieval``, and their figures kept by ``storage``. What a publish makes of the
figures is ``ingestion.publishing``.
"""
