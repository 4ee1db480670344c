"""docker-compose.yml is valid, agrees with the table of servers, and its containers have no needless rights."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_config import compose_config

from dashboards_src.alerts.rules import FOLDERS
from stack.render import TIMINGS
from stack.servers import SERVERS, full_servers, lite_servers
from stack.settings import ROOT, Stack

Services = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return compose_config(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def services(config: Any) -> Services:
    found: Services = config["services"]
    return found


def test_services_are_the_servers_of_the_table(services: Services) -> None:
    assert set(services) == {server.name for server in full_servers()}


def test_rehearsal_changes_only_configuration_files_and_grafanas_interval(tmp_path: Path) -> None:
    found: dict[str, Services] = {}
    for rehearsal, scale in (("", "production"), ("1", "rehearsal")):
        services = found[scale] = compose_config(tmp_path, REHEARSAL=rehearsal)["services"]
        prometheus = yaml.safe_load((tmp_path / "config" / "prometheus" / "prometheus.yml").read_text())
        interval = f"{TIMINGS[scale].interval_s}s"
        intervals = {key: value for key, value in prometheus["global"].items() if key.endswith("_interval")}
        assert intervals == {"scrape_interval": interval, "evaluation_interval": interval}
        [rules] = prometheus["rule_files"]
        mounted = {volume["target"]: volume["source"] for volume in services["prometheus"]["volumes"]}
        assert mounted[str(Path(rules).parent)] == str(ROOT / FOLDERS[scale])
        alertmanager = yaml.safe_load((tmp_path / "config" / "alertmanager" / "alertmanager.yml").read_text())
        assert alertmanager["route"]["group_wait"] == f"{TIMINGS[scale].group_wait_s}s"
        assert services["grafana"]["environment"].pop("SCRAPE_INTERVAL") == interval
    assert found["rehearsal"] == found["production"]  # so a switch recreates no other container


def test_scrape_interval_overrides_rehearsal(tmp_path: Path) -> None:
    services = compose_config(tmp_path, REHEARSAL="1", SCRAPE_INTERVAL="2s")["services"]
    assert services["grafana"]["environment"]["SCRAPE_INTERVAL"] == "2s"
    assert "scrape_interval: 2s" in (tmp_path / "config" / "prometheus" / "prometheus.yml").read_text()


@pytest.mark.parametrize("flag", ["--rules.alert.resend-delay", "--enable-feature", "--web.enable-otlp-receiver"])
def test_both_profiles_give_prometheus_the_same_flag(services: Services, flag: str) -> None:
    [server] = [server for server in SERVERS if server.name == "prometheus"]
    in_lite = [word for word in server.argv if word.startswith(flag)]
    assert in_lite == [word for word in services["prometheus"]["command"] if word.startswith(flag)] != []


def test_applications_are_named_in_one_folder_for_both_profiles(tmp_path: Path) -> None:
    prometheus = compose_config(tmp_path)["services"]["prometheus"]
    mounted = {volume["target"]: volume["source"] for volume in prometheus["volumes"]}
    [apps, *_] = yaml.safe_load((tmp_path / "config" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    [files] = apps["file_sd_configs"][0]["files"]
    assert apps["job_name"] == "apps"
    assert mounted[str(Path(files).parent)] == str(ROOT / "prometheus" / "targets")
    assert prometheus["extra_hosts"] == ["host.docker.internal=host-gateway"]

    elsewhere = compose_config(tmp_path, APP_TARGETS_FOLDER=str(tmp_path))["services"]["prometheus"]
    assert str(tmp_path) in {volume["source"] for volume in elsewhere["volumes"]}


def test_the_image_contains_all_that_the_sink_imports() -> None:
    copied = {
        source.split("/")[0]
        for line in re.findall(r"^COPY (.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        for source in line.split()
    }
    code = (
        "import sys, pathlib, importlib; importlib.import_module(sys.argv[1]);"
        "files = [pathlib.Path(m.__file__) for m in list(sys.modules.values()) if getattr(m, '__file__', None)];"
        "root = pathlib.Path.cwd();"
        "print(*{f.relative_to(root).parts[0] for f in files if f.is_relative_to(root)} - {'.venv'})"
    )
    command = [sys.executable, "-c", code, "alert_sink.app"]  # the others are installed packages
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert {"alert_sink", "stores", "llm_telemetry"} <= found <= copied


def test_image_versions_come_from_env(services: Services) -> None:
    values = Stack.load({}).values
    for server in full_servers():
        if server.image and "image" in services[server.name]:
            assert services[server.name]["image"] == f"{server.image}:{values[server.version]}"
    assert services["otel-collector"]["build"]["args"] == {"COLLECTOR_VERSION": values["COLLECTOR_VERSION"]}
    for text in re.findall(r"^    image: (.*)", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE):
        assert "latest" not in text
        assert "${" in text, f"{text}: put the version into .env"


def test_ports_are_on_loopback_and_from_env(services: Services) -> None:
    values = Stack.load({}).values
    known = {values[name] for server in full_servers() for name in server.ports}
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", f"{name}: {port}"
            assert port["published"] in known, f"{name}: {port} is not in the table"


def test_containers_have_no_capabilities_no_root_and_limits(services: Services) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["user"] not in ("", "root", "0", "0:0"), name
        assert int(service["mem_limit"]) > 0, name
        assert service["healthcheck"]["test"], name


def test_services_wait_until_their_dependencies_are_healthy(services: Services) -> None:
    for name, service in services.items():
        for needed, how in (service.get("depends_on") or {}).items():
            assert how["condition"] == "service_healthy", f"{name} -> {needed}"


def test_prometheus_starts_after_all_other_services(services: Services) -> None:
    started = ["prometheus"]
    for name in started:  # the list grows by the services that each service waits for
        started += [needed for needed in services[name].get("depends_on", {}) if needed not in started]
    assert set(started) == set(services)


def test_grafana_has_no_default_password_and_no_anonymous_access(services: Services) -> None:
    environment = services["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_admin_password"
    assert "GF_SECURITY_ADMIN_PASSWORD" not in environment
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"


def test_otlp_for_other_machines_requires_a_token(tmp_path: Path) -> None:
    config = compose_config(tmp_path, OTLP_BIND="0.0.0.0")
    collector = config["services"]["otel-collector"]
    token = (tmp_path / "secrets" / "otlp-token").read_text().strip()
    assert "--config=/etc/otel-collector/otlp-token.yaml" in collector["command"]
    assert collector["environment"]["OTLP_TOKEN"] == token
    assert token in config["services"]["demo-app"]["environment"]["OTEL_EXPORTER_OTLP_HEADERS"]
    bound = {port["host_ip"] for port in collector["ports"] if port["target"] in (4317, 4318)}
    assert bound == {"0.0.0.0"}


def test_lite_uses_a_server_of_full_that_is_on_path() -> None:
    here = {"loki": "/opt/loki"}
    names = [server.name for server in lite_servers(here.get)]
    assert "loki" in names
    assert "victoria-logs" not in names
    assert "jaeger" in names
    without = [server.name for server in lite_servers(lambda _: None)]
    assert "console" in without
    assert "grafana" not in without
    with_grafana = [server.name for server in lite_servers({"grafana": "/opt/grafana"}.get)]
    assert "grafana" in with_grafana  # in place of the console
    assert "console" not in with_grafana
