"""The weights of ``domain.evidence``, as ``make tune-answers`` printed them; do not edit them by hand.

Source: a ridge logistic regression on 600 questions of ClapNQ (300 answerable; https://github.com/primeqa/clapnq) for
``collection``, and on 161 questions on the sample portfolio (104 answerable) for ``portfolio``. ``words`` are the
weights without similarities. Intercepts have the bar in them: a probability below one half means declining.
docs/answers.md has the figures.
"""

from collections.abc import Mapping

WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "collection, vectors": {
        "intercept": -3.3051,
        "coverage": 0.4461,
        "window": 0.8093,
        "unknown": 0.1176,
        "lead": 0.6967,
        "fused_lead": 1.0777,
        "cues": 0.6674,
        "words": -0.2551,
        "cos_passage": 4.2721,
        "cos_window": 1.4347,
        "cos_header": -0.5413,
        "cos_words": -0.2061,
        "cos_beyond": 1.3445,
    },
    "collection, words": {
        "intercept": -1.9961,
        "coverage": 0.6267,
        "window": 3.0919,
        "unknown": -0.0660,
        "lead": 0.1453,
        "fused_lead": 1.2144,
        "cues": 0.6114,
        "words": -0.1547,
    },
    "portfolio, vectors": {
        "intercept": -3.5220,
        "coverage": 2.3083,
        "window": -0.0291,
        "unknown": -2.4210,
        "lead": -0.5347,
        "fused_lead": 0.8448,
        "cues": -0.0038,
        "words": 0.5709,
        "cos_passage": 0.9685,
        "cos_window": -0.5269,
        "cos_header": -1.5150,
        "cos_words": 1.8163,
        "cos_beyond": 1.2618,
    },
    "portfolio, words": {
        "intercept": -2.7208,
        "coverage": 2.8207,
        "window": 0.3895,
        "unknown": -2.7319,
        "lead": -0.4647,
        "fused_lead": 1.2057,
        "cues": 0.0130,
        "words": 0.5307,
    },
}
