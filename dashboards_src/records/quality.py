"""Records of evaluation scores."""

from __future__ import annotations

from typing import Final

from dashboards_src.records.record import Record

FILE: Final = "llm-quality"


ENDPOINT_SCORES = Record(  # number of scores
    FILE,
    "service_endpoint_metric:%(EVAL_SCORE)s_count:increase%(HOUR)s",
    "sum by (service, endpoint, metric) (increase(%(EVAL_SCORE)s_count[%(HOUR)s]))",
)
ENDPOINT_MEAN_SCORE = Record(
    FILE,
    "service_endpoint_metric:%(EVAL_SCORE)s:mean_increase%(HOUR)s",
    "sum by (service, endpoint, metric) (increase(%(EVAL_SCORE)s_sum[%(HOUR)s])) / (%(ENDPOINT_SCORES)s > 0)",
)
SERVICE_REQUESTS = Record(  # that evaluation can score
    FILE,
    "service:%(REQUESTS.stem)s:increase%(HOUR)s",
    "sum by (service) (increase(%(REQUESTS)s[%(HOUR)s]))",
)
SERVICE_SCORED = Record(
    FILE,
    "service:%(EVAL_SAMPLES.stem)s_scored:increase%(HOUR)s",
    'sum by (service) (increase(%(EVAL_SAMPLES)s{result="scored"}[%(HOUR)s]))',
)
