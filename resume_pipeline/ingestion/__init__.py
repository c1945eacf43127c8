"""The use cases of ingestion: read, chunk, embed, index, publish, and the plan of all that.

Each stage derives its work from what the database holds, can run alone, and changes nothing when there is nothing to
do. Stages own their transactions and know neither Dagster nor the terminal.
"""
