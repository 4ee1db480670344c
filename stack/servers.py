"""The table of all servers: how each is built, started and checked.

Braces in arguments and environment are names of `.env`, of settings.OPTIONS and of render.context, {data} (the
server's own folder) and {binary}. Start, stop, status, rendering and tests read this table. A test compares it
with docker-compose.yml.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stack.failure import StackFailure
from stack.settings import in_env_file


@dataclass(frozen=True)
class GoBuild:
    """A Go program. `module` is a folder in stack/go with go.mod and go.sum."""

    module: str
    package: str
    tags: str = ""
    linked: tuple[tuple[str, str], ...] = ()  # variables and their values, set by the linker


@dataclass(frozen=True)
class Server:
    """One server. `name` is also the name of its service in docker-compose.yml."""

    name: str
    role: str
    about: str
    argv: tuple[str, ...]
    ready: str  # URL that answers 2xx when the server is ready
    ports: tuple[str, ...]  # names in .env; people open the first
    page: str = ""  # path that people open; "": no page
    build: GoBuild | None = None
    on_path: str = ""  # command of a server that lite uses only where it is installed
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_file: str = ""  # a file in the repository with more variables
    metrics: str = ""  # host:port that Prometheus scrapes
    reads: tuple[str, ...] = ()  # globs of files that the server reloads on SIGHUP
    image: str = ""  # of full, without the tag
    version: str = ""  # name of that tag in .env
    full: bool = True  # whether full runs it


# Prometheus and Alertmanager show the value of this variable as their version.
PROMETHEUS_VERSION_VARIABLE = "github.com/prometheus/common/version.Version"
PYTHON = "{root}/.venv/bin/python"


def _version(name: str) -> str:
    return in_env_file()[name].removeprefix("v")


def _same_names(*names: str) -> dict[str, str]:
    """Variables that have the names of the settings."""
    return {name: f"{{{name}}}" for name in names}


SERVERS = (
    Server(
        name="victoria-logs", role="logs", about="log store",
        full=False,
        build=GoBuild("victoria-logs", "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"),
        argv=(
            PYTHON, "-m", "stack.recover_logs",
            "--journal={data}/../otel-collector/journal",
            "--logs-url=http://127.0.0.1:{VICTORIA_LOGS_PORT}",
            "--otlp-url=http://127.0.0.1:{OTLP_HTTP_PORT}",
            "--",
            "{binary}",
            "-storageDataPath={data}",
            "-httpListenAddr=127.0.0.1:{VICTORIA_LOGS_PORT}",
            "-retentionPeriod={LOGS_RETENTION}",
            "-retention.maxDiskSpaceUsageBytes={LOGS_RETENTION_SIZE}",
            "-envflag.enable",
            "-envflag.prefix=VL_",
        ),
        environment=_same_names("OTLP_TOKEN"),
        environment_file="victoria-logs/victoria-logs.env",
        ready="http://127.0.0.1:{VICTORIA_LOGS_PORT}/health",
        ports=("VICTORIA_LOGS_PORT",),
        page="/select/vmui/",
        metrics="127.0.0.1:{VICTORIA_LOGS_PORT}",
    ),
    Server(
        name="jaeger", role="traces", about="trace store",
        full=False,
        build=GoBuild("jaeger", "github.com/jaegertracing/jaeger/cmd/jaeger"),
        argv=("{binary}", "--config=file:{root}/jaeger/jaeger.yaml"),
        environment={
            "JAEGER_DATA": "{data}",
            "JAEGER_RETENTION": "{TRACES_RETENTION_HOURS}",
            **_same_names("JAEGER_PORT", "JAEGER_GRPC_PORT", "JAEGER_OTLP_PORT", "JAEGER_METRICS_PORT"),
            "GOMEMLIMIT": "256MiB",  # badger alone uses 106 MiB; too low a limit costs CPU for garbage collection
            "GOGC": "50",
        },
        ready="http://127.0.0.1:{JAEGER_PORT}/api/v3/services",
        ports=("JAEGER_PORT", "JAEGER_GRPC_PORT", "JAEGER_OTLP_PORT", "JAEGER_METRICS_PORT"),
        metrics="127.0.0.1:{JAEGER_METRICS_PORT}",
    ),
    Server(
        name="prometheus", role="metrics", about="metric store",
        build=GoBuild(
            "prometheus",
            "github.com/prometheus/prometheus/cmd/prometheus",
            tags="remove_all_sd",
            linked=((PROMETHEUS_VERSION_VARIABLE, _version("PROMETHEUS_VERSION")),),
        ),
        argv=(
            "{binary}",
            "--config.file={config}/prometheus/prometheus.yml",
            "--storage.tsdb.path={data}",
            "--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}",
            "--web.external-url={PROMETHEUS_SOURCE_PAGE}/",
            "--web.route-prefix=/",  # also where the address above has a path
            "--web.enable-otlp-receiver",
            "--enable-feature=exemplar-storage,created-timestamp-zero-ingestion",
            # Alertmanager resolves an alert after four times this or four evaluation intervals, the longer of both. At
            # 5 s it is always the latter, so both time scales start Prometheus with the same arguments.
            "--rules.alert.resend-delay=5s",
        ),
        environment=_same_names("DASHBOARDS_PAGE", "RUNBOOKS_PAGE"),  # see external_labels in prometheus.yml.j2
        ready="http://127.0.0.1:{PROMETHEUS_PORT}/-/ready",
        ports=("PROMETHEUS_PORT",),
        metrics="127.0.0.1:{PROMETHEUS_PORT}",
        reads=("{config}/prometheus/prometheus.yml", "{root}/prometheus/rules*/*.yaml"),
        image="prom/prometheus", version="PROMETHEUS_VERSION",
    ),
    Server(
        name="alertmanager", role="alerts", about="alert delivery",
        build=GoBuild(
            "alertmanager",
            "github.com/prometheus/alertmanager/cmd/alertmanager",
            linked=((PROMETHEUS_VERSION_VARIABLE, _version("LITE_ALERTMANAGER_VERSION")),)
        ),
        argv=(
            "{binary}",
            "--config.file={config}/alertmanager/alertmanager.yml",
            "--storage.path={data}",
            "--data.retention={ALERTS_RETENTION_HOURS}",
            "--web.listen-address=127.0.0.1:{ALERTMANAGER_PORT}",
            "--web.external-url={ALERTMANAGER_PAGE}/",
            "--cluster.listen-address=",
        ),
        ready="http://127.0.0.1:{ALERTMANAGER_PORT}/-/ready",
        ports=("ALERTMANAGER_PORT",),
        page="/",
        metrics="127.0.0.1:{ALERTMANAGER_PORT}",
        reads=("{config}/alertmanager/alertmanager.yml", "{root}/alertmanager/templates/*.tmpl"),
        image="prom/alertmanager", version="ALERTMANAGER_VERSION",
    ),
    Server(
        name="alert-sink", role="delivery", about="alerts, runbooks",
        argv=(PYTHON, "-m", "alert_sink", "--port", "{ALERT_SINK_PORT}", "--data", "{data}"),
        environment={
            "ALERT_SINK_RETENTION_DAYS": "{ALERTS_RETENTION_DAYS}",
            "ALERT_SINK_PROMETHEUS_URL": "http://127.0.0.1:{PROMETHEUS_PORT}",
            "ALERT_SINK_JAEGER_URL": "{JAEGER_URL}",
            "ALERT_SINK_TEMPO_URL": "{TEMPO_URL}",
            "ALERT_SINK_OWN_PAGE": "{ALERT_SINK_PAGE}",
            "ALERT_SINK_PROMETHEUS_PAGE": "{PROMETHEUS_PAGE}",
            "ALERT_SINK_LOGS_PAGE": "{VICTORIA_LOGS_PAGE}",
            "ALERT_SINK_TRACES_PAGE": "{JAEGER_PAGE}",
            "ALERT_SINK_GRAFANA_PAGE": "{GRAFANA_PAGE}",
            "ALERT_SINK_CONSOLE_PAGE": "{CONSOLE_PAGE}",
        },
        ready="http://127.0.0.1:{ALERT_SINK_PORT}/healthz",
        ports=("ALERT_SINK_PORT",),
        page="/",
        metrics="127.0.0.1:{ALERT_SINK_PORT}",
    ),
    Server(
        name="otel-collector", role="collector", about="receives OTLP",
        build=GoBuild("otel-collector", "."),
        argv=(
            "{binary}",
            "--config={root}/otel-collector/config.yaml",
            "--config={root}/otel-collector/otlp-{OTLP_ACCESS}.yaml",
            "--config={root}/otel-collector/traces-{TRACE_SAMPLING}.yaml",
            "--config={root}/otel-collector/logs-journal.yaml",
        ),
        environment={
            "COLLECTOR_DATA": "{data}",
            **_same_names("OTLP_BIND", "OTLP_GRPC_PORT", "OTLP_HTTP_PORT", "OTLP_TOKEN"),
            **_same_names("COLLECTOR_HEALTH_PORT", "COLLECTOR_METRICS_PORT"),
            "GOMEMLIMIT": "480MiB",
            "METRICS_ENDPOINT": "http://127.0.0.1:{PROMETHEUS_PORT}/api/v1/otlp/v1/metrics",
            **_same_names("TRACES_ENDPOINT", "LOGS_ENDPOINT", "TAIL_WAIT", "TAIL_SLOW_MS", "TAIL_KEEP_PERCENT"),
        },
        ready="http://127.0.0.1:{COLLECTOR_HEALTH_PORT}/",
        ports=("OTLP_HTTP_PORT", "OTLP_GRPC_PORT", "COLLECTOR_HEALTH_PORT", "COLLECTOR_METRICS_PORT"),
        metrics="127.0.0.1:{COLLECTOR_METRICS_PORT}",
        image="otel/opentelemetry-collector-contrib", version="COLLECTOR_VERSION",
    ),
    Server(
        name="sim-provider", role="provider", about="simulated models",
        argv=(PYTHON, "-m", "sim_provider", "--port={SIM_PROVIDER_PORT}", "--latency-scale={SIM_LATENCY_SCALE}"),
        ready="http://127.0.0.1:{SIM_PROVIDER_PORT}/healthz",
        ports=("SIM_PROVIDER_PORT",),
    ),
    Server(
        name="demo-app", role="application", about="demo application",
        argv=(PYTHON, "-m", "demo_app", "--host", "127.0.0.1", "--port", "{DEMO_APP_PORT}"),
        environment={
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:{OTLP_HTTP_PORT}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_HEADERS": "{OTLP_HEADERS}",
            "OTEL_METRICS_EXPORTER": "none",
            "DEMO_DATA_DIR": "{data}",
            "OPENAI_BASE_URL": "http://127.0.0.1:{SIM_PROVIDER_PORT}/v1",
            "OPENAI_API_KEY": "simulated",
            "LLM_TELEMETRY_USER_SALT": "{USER_SALT}",
        },
        ready="http://127.0.0.1:{DEMO_APP_PORT}/healthz",
        ports=("DEMO_APP_PORT",),
        page="/",
    ),
    Server(
        name="console", role="dashboards", about="dashboards",
        full=False,
        argv=(PYTHON, "-m", "console", "--host", "{CONSOLE_BIND}", "--port", "{GRAFANA_PORT}"),
        environment={
            "CONSOLE_PROMETHEUS_URL": "http://127.0.0.1:{PROMETHEUS_PORT}",
            "CONSOLE_JAEGER_URL": "{JAEGER_URL}",
            "CONSOLE_TEMPO_URL": "{TEMPO_URL}",
            "CONSOLE_VICTORIA_LOGS_URL": "{VICTORIA_LOGS_URL}",
            "CONSOLE_LOKI_URL": "{LOKI_URL}",
            "CONSOLE_ALERTMANAGER_URL": "http://127.0.0.1:{ALERTMANAGER_PORT}",
            "CONSOLE_ALERT_SINK_URL": "http://127.0.0.1:{ALERT_SINK_PORT}",
            "CONSOLE_DASHBOARDS": "{config}/dashboards",
            "CONSOLE_PUBLIC_URL": "{DASHBOARDS_PAGE}",
            "CONSOLE_PASSWORD_FILE": "{CONSOLE_PASSWORD_FILE}",
            "CONSOLE_SCRAPE_INTERVAL": "{SCRAPE_INTERVAL}",
        },
        ready="http://{CONSOLE_ADDRESS}:{GRAFANA_PORT}/healthz",
        ports=("GRAFANA_PORT",),
        page="/",
        metrics="{CONSOLE_ADDRESS}:{GRAFANA_PORT}",
    ),
    Server(
        name="loki", role="logs", about="log store",
        on_path="loki",
        argv=("{binary}", "-config.file={root}/loki/loki.yaml", "-config.expand-env=true"),
        environment={
            "LOKI_DATA": "{data}",
            "LOKI_RETENTION": "{LOGS_RETENTION_HOURS}",
            **_same_names("LOKI_PORT", "LOKI_GRPC_PORT"),
        },
        ready="http://127.0.0.1:{LOKI_PORT}/ready",
        ports=("LOKI_PORT", "LOKI_GRPC_PORT"),
        metrics="127.0.0.1:{LOKI_PORT}",
        image="grafana/loki", version="LOKI_VERSION",
    ),
    Server(
        name="tempo", role="traces", about="trace store",
        on_path="tempo",
        argv=("{binary}", "-config.file={root}/tempo/tempo.yaml", "-config.expand-env=true"),
        environment={
            "TEMPO_DATA": "{data}",
            "TEMPO_RETENTION": "{TRACES_RETENTION_HOURS}",
            **_same_names("TEMPO_PORT", "TEMPO_GRPC_PORT"),
            "TEMPO_OTLP_PORT": "{JAEGER_OTLP_PORT}",
        },
        ready="http://127.0.0.1:{TEMPO_PORT}/ready",
        ports=("TEMPO_PORT", "TEMPO_GRPC_PORT", "JAEGER_OTLP_PORT"),
        metrics="127.0.0.1:{TEMPO_PORT}",
        image="grafana/tempo", version="TEMPO_VERSION",
    ),
    Server(
        name="grafana", role="dashboards", about="dashboards",
        on_path="grafana",
        argv=("{binary}", "server", "--homepath={GRAFANA_HOME}"),
        environment={
            "GF_PATHS_DATA": "{data}",
            "GF_PATHS_PROVISIONING": "{root}/grafana/provisioning",
            "GF_SERVER_HTTP_ADDR": "127.0.0.1",
            "GF_SERVER_HTTP_PORT": "{GRAFANA_PORT}",
            "GF_SERVER_ROOT_URL": "{DASHBOARDS_PAGE}/",
            "GF_SECURITY_ADMIN_PASSWORD__FILE": "{secrets}/grafana-admin-password",
            "GF_AUTH_ANONYMOUS_ENABLED": "false",
            "GF_USERS_ALLOW_SIGN_UP": "false",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_PLUGINS_PREINSTALL_DISABLED": "true",
            "PROMETHEUS_URL": "http://127.0.0.1:{PROMETHEUS_PORT}",
            "TEMPO_URL": "http://127.0.0.1:{TEMPO_PORT}",
            "LOKI_URL": "http://127.0.0.1:{LOKI_PORT}",
            "ALERTMANAGER_URL": "http://127.0.0.1:{ALERTMANAGER_PORT}",
            "SCRAPE_INTERVAL": "{SCRAPE_INTERVAL}",
            "DASHBOARDS_PATH": "{config}/dashboards",
        },
        ready="http://127.0.0.1:{GRAFANA_PORT}/api/health",
        ports=("GRAFANA_PORT",),
        page="/",
        metrics="127.0.0.1:{GRAFANA_PORT}",
        image="grafana/grafana", version="GRAFANA_VERSION",
    ),
)  # fmt: skip


# Programs that tests need beside the servers.
TOOLS: Mapping[str, GoBuild] = {
    "promtool": GoBuild("prometheus", "github.com/prometheus/prometheus/cmd/promtool", tags="remove_all_sd"),
    "amtool": GoBuild("alertmanager", "github.com/prometheus/alertmanager/cmd/amtool"),
    "docker-compose": GoBuild("docker-compose", "github.com/docker/compose/v2/cmd"),
}


def lite_servers(which: Callable[[str], str | None] = shutil.which) -> tuple[Server, ...]:
    """The servers of lite. A server of full that is on PATH replaces lite's server of the same role."""
    found = {server.role: server for server in SERVERS if server.on_path and which(server.on_path)}
    chosen = [found.pop(server.role, server) for server in SERVERS if not server.on_path]
    return (*chosen, *found.values())


def full_servers() -> tuple[Server, ...]:
    return tuple(server for server in SERVERS if server.full)


def check_name(name: str, servers: Sequence[Server]) -> None:
    """Check that one of `servers` has this name."""
    known = [server.name for server in servers]
    if name not in known:
        raise StackFailure(f"There is no server {name!r}.", f"Servers: {', '.join(known)}. With make: SERVICE=name.")
