"""Settings: the only reader of the environment.

Each field is one variable, from the environment or from ``.env`` in the project root; ``.env.example`` documents them
all, and a test holds the two together. Everything below this layer receives plain arguments. ``core`` has the settings
of the index, ``serving`` those of answers, the HTTP API and the page.
"""

from resume_pipeline.settings.core import Settings as Settings
from resume_pipeline.settings.core import load_settings as load_settings
