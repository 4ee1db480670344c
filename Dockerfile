# One image for the demo application, the simulated provider and the alert sink; compose sets the command.
ARG PYTHON_IMAGE_VERSION
FROM python:${PYTHON_IMAGE_VERSION}

ARG UV_VERSION
RUN pip install --no-cache-dir uv==${UV_VERSION}
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never

WORKDIR /app
# Dependencies first: they change less often than the code.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --extra demo-app --extra sim-provider --extra alert-sink --no-install-project

COPY README.md LICENSE ./
COPY llm_telemetry llm_telemetry
COPY demo_app demo_app
COPY sim_provider sim_provider
RUN uv sync --frozen --no-dev --extra demo-app --extra sim-provider --extra alert-sink --no-editable
# These run from the folder, as in a checkout.
COPY stores stores
COPY alert_sink alert_sink
COPY runbooks runbooks
COPY prometheus/alerts.json prometheus/

# A named volume gets the owner of the folder that it covers.
RUN install -d -o 10001 -g 10001 /var/lib/demo-app /var/lib/alert-sink
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000 9999
