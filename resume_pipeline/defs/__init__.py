"""The Dagster side: resources, assets, checks, jobs, automation.

Thin: an asset takes its inputs, makes one call into ``ingestion``, and shapes the result. Only here is dagster imported
(and in ``definitions`` and the command that runs the graph). A new stage is a function in ``ingestion`` first.
"""

import warnings

import dagster as dg

# Observable sources and code references are called beta by Dagster; `dagster dev` would say so a dozen times.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
