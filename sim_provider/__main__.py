"""The command `python -m sim_provider`."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from sim_provider.app import create_app
from sim_provider.models import DEFAULT_MODELS_FILE, ModelsFileError, load_models
from sim_provider.provider import Settings
from sim_provider.server import make_server

EPILOG = """
environment:
  SIM_PROVIDER_HOST, SIM_PROVIDER_PORT, SIM_PROVIDER_SEED, SIM_PROVIDER_LATENCY_SCALE, SIM_PROVIDER_CONFIG
                              defaults of the options above
  SIM_PROVIDER_API_KEY        the only key that /v1 accepts; without it, every key and no key
  SIM_PROVIDER_ADMIN_TOKEN    the bearer token that /admin accepts; without it, /admin accepts loopback clients only

examples:
  curl localhost:9999/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "gpt-4o", "messages": [{"role": "system", "content": "[1] Keys\\nAPI keys expire after 90 days."},
         {"role": "user", "content": "When do API keys expire?"}]}'
  curl -X PUT localhost:9999/admin/faults/rate_limit -d '{"model": "gpt-4o", "probability": 0.5, "duration_s": 60}'
  curl localhost:9999/admin/ledger
"""


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("must be from 0 (any free port) to 65535")
    return number


def _scale(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1000:
        raise argparse.ArgumentTypeError("must be from 0 to 1000")
    return number


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line; the environment gives the defaults. Exits with a message if an argument is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m sim_provider",
        description="A simulated model provider with the OpenAI HTTP API. It answers from the context in the prompt,"
        " with latency and usage. It has faults that can be switched on, and a ledger of all requests.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def add(name: str, default: str, explanation: str, **more: Any) -> None:
        default = os.environ.get(f"SIM_PROVIDER_{name.replace('-', '_').upper()}", default)
        parser.add_argument(f"--{name}", default=default, help=f"{explanation} (%(default)s)", **more)

    add("host", "127.0.0.1", "address to listen on")
    add("port", "9999", "port to listen on; 0 selects a free port", type=_port)
    add("seed", "7", "seed of all random numbers", type=int)
    latency_scale = "multiplies the models' latencies; 0: no latency; the latency of faults is not multiplied"
    add("latency-scale", "1.0", latency_scale, type=_scale)
    add("config", str(DEFAULT_MODELS_FILE), "file with the models to serve", type=Path, metavar="MODELS.YAML")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    try:
        models = load_models(options.config)
    except (OSError, ModelsFileError) as error:
        sys.stderr.write(f"sim_provider: cannot use the models file: {error}\n")
        return 2
    settings = Settings(
        seed=options.seed,
        latency_scale=options.latency_scale,
        models=models,
        api_key=os.environ.get("SIM_PROVIDER_API_KEY") or None,
        admin_token=os.environ.get("SIM_PROVIDER_ADMIN_TOKEN") or None,
    )
    server = make_server(create_app(settings), options.host, options.port)
    listening = server.config.bind_socket()
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"sim_provider: http://{shown}:{port}/v1, models {', '.join(models.ids)}\n")
    sys.stdout.flush()
    server.run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
