"""Postgres: schema, connections, and one function per question asked of it.

The only place that knows SQLAlchemy, psycopg2, pgvector and Alembic. A function here takes a ``Session``, builds one
readable statement and returns domain values; it never commits: the use case owns the transaction. Rows never leave.
"""
