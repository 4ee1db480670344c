"""The ASGI app with all routes of the provider."""

import uuid
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sim_provider.admin import admin_app, json_response
from sim_provider.chat import ChatCompletions
from sim_provider.clock import SYSTEM_CLOCK, Clock
from sim_provider.embeddings import Embeddings
from sim_provider.errors import ApiError, model_not_found
from sim_provider.models import ServedModel
from sim_provider.provider import Provider, Settings

# `created` of every model, in Unix seconds. Clients expect a number; its value does not matter.
MODELS_CREATED = 1_715_367_049


def create_app(settings: Settings | None = None, *, clock: Clock = SYSTEM_CLOCK) -> Starlette:
    """Create a provider with its own state.

    Faults that break the connection need the server of `server.make_server`. With another server, or without one, the
    app raises ConnectionResetError instead.
    """
    provider = Provider(settings or Settings(), clock)
    models = provider.settings.models

    async def list_models(request: Request) -> Response:
        provider.check_key(request.headers.get("authorization", "").encode())
        data = [_describe(name, model) for name in models.names if (model := models.find(name))]
        return json_response({"object": "list", "data": data}, headers=_request_id())

    async def get_model(request: Request) -> Response:
        provider.check_key(request.headers.get("authorization", "").encode())
        name = request.path_params["name"]
        model = models.find(name)
        if model is None:
            raise model_not_found(name)
        return json_response(_describe(name, model), headers=_request_id())

    async def health(_: Request) -> Response:
        return json_response({"status": "ok"})

    app = Starlette(
        routes=[
            Route("/v1/chat/completions", ChatCompletions(provider), methods=["POST"]),
            Route("/v1/embeddings", Embeddings(provider), methods=["POST"]),
            Route("/v1/models", list_models, methods=["GET"]),
            Route("/v1/models/{name:path}", get_model, methods=["GET"]),
            Route("/healthz", health, methods=["GET"]),
            Mount("/admin", admin_app(provider)),
        ],
        exception_handlers={ApiError: _api_error, HTTPException: _http_error},
    )
    app.router.redirect_slashes = False
    app.state.provider = provider
    return app


def _describe(name: str, model: ServedModel) -> dict[str, str | int]:
    return {"id": name, "object": "model", "created": MODELS_CREATED, "owned_by": model.owned_by}


def _request_id() -> dict[str, str]:
    return {"x-request-id": f"req_{uuid.uuid4().hex}"}


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return json_response(error.body(), error.status, _request_id() | dict(error.headers))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = "Invalid URL" if error.status_code == 404 else HTTPStatus(error.status_code).phrase
    body = ApiError(error.status_code, f"{problem} ({request.method} {request.url.path})").body()
    return json_response(body, error.status_code, _request_id() | dict(error.headers or {}))
