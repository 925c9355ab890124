"""Commands around the work: config, serve, and the embedded Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsfold.cli import state
from newsfold.errors import UsageError

if TYPE_CHECKING:
    from newsfold.web.websub import Subscriber
    from storage.embedded import EmbeddedServer

PANEL = "Run"
JSON = Annotated[bool, typer.Option("--json", help="Write JSON.")]

redis_app = typer.Typer(
    help="The private Redis that newsfold starts when no URL is configured.",
    no_args_is_help=True,
    epilog="Example: newsfold redis status",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="Example: newsfold config --json", rich_help_panel=PANEL)(config)
    app.command(epilog="Example: newsfold serve --port 8080", rich_help_panel=PANEL)(serve)
    app.command(epilog="Example: newsfold rebuild", rich_help_panel=PANEL)(rebuild)
    app.add_typer(redis_app, name="redis", rich_help_panel=PANEL)


def config(as_json: JSON = False) -> None:
    """Print the configuration in force and where each value comes from."""
    from newsfold.jsonview import dumps
    from newsfold.options import OPTIONS
    from storage.address import masked

    found = state.config()
    shown = {**found.values, "home": str(found.home), "redis_url": masked(found["redis_url"])}
    shown |= {
        "notify.url": masked(found["notify.url"]),
        "notify.secret": "***" if found["notify.secret"] else "",
        "index.seed": "***" if found["index.seed"] else "",
    }
    if as_json:
        typer.echo(dumps({o.key: {"value": shown[o.key], "from": found.origins[o.key]} for o in OPTIONS}))
        return
    for option in OPTIONS:
        bounds = f", {option.low} to {option.high}" if option.low is not None else ""
        typer.echo(
            f"{option.key} = {dumps(shown[option.key])}  # {found.origins[option.key]}; {option.doc}{bounds}"
        )


def rebuild(as_json: JSON = False) -> None:
    """Index what is stored under the parameters of the configuration; readers go on reading.

    Stories and groups stay as they are, and what was corrected by hand. Runs that were started under other
    parameters are refused from then on and must be started again.
    """
    from newsfold.addon import desk_options
    from newsfold.bars import bar
    from newsfold.jsonview import dumps
    from pipelines.rebuild import rebuild as run
    from storage.cluster import keys_of
    from storage.connect import connect

    options = desk_options(state.config())
    with (
        connect(options.redis_url, options.home) as client,
        bar("indexing", client.zcard(keys_of(client).articles)) as done,
    ):
        count = run(client, keys_of(client), options.rules.minhash, options.retention, done)
    typer.echo(
        dumps({"articles": count}) if as_json else f"{count} article{'' if count == 1 else 's'} indexed"
    )


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8080,
    as_json: Annotated[bool, typer.Option("--json", help="Write the address as JSON.")] = False,
) -> None:
    """Serve the stories as a web page and as JSON; with web.public_url, let hubs push news (WebSub)."""
    from newsfold.jsonview import dumps
    from newsfold.web.server import serve as run

    reader = state.reader()
    url = f"http://{host}:{port}/"
    typer.echo(dumps({"url": url}) if as_json else url)
    try:
        run(reader, host, port, _subscriber(), state.config()["web.public_url"])
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from error


def _subscriber() -> Subscriber | None:
    """Who subscribes to hubs, where they can reach this server."""
    config = state.config()
    if not config["web.public_url"]:
        return None
    from newsfold.addon import user_agent
    from newsfold.logs import configure
    from newsfold.web.websub import HubOptions, Subscriber
    from storage.cluster import keys_of
    from storage.connect import connect
    from storage.subscriptions import Subscriptions

    configure(config["log.level"], as_json=config["log.json"])
    client = connect(config["redis_url"] or None, config.home)
    subscriptions = Subscriptions(client, keys_of(client), retention=config["retention_days"] * 86_400)
    options = HubOptions(
        public_url=config["web.public_url"].rstrip("/"), user_agent=user_agent(config),
        lease_seconds=config["web.websub_lease_days"] * 86_400, max_bytes=config["crawl.max_feed_mb"] * 1_000_000,
        allow_net=tuple(config["crawl.allow_net"]), ports=tuple(config["crawl.ports"]),
    )  # fmt: skip
    return Subscriber(subscriptions, state.feed_queue(), options)


def _server() -> EmbeddedServer:
    from storage.embedded import EmbeddedServer

    return EmbeddedServer(state.config().home)


@redis_app.command("start", epilog="Example: newsfold redis start")
def start(as_json: JSON = False) -> None:
    """Start the private server, unless it runs, and print its URL."""
    from newsfold.jsonview import dumps

    url = _server().ensure()
    typer.echo(dumps({"url": url}) if as_json else url)


@redis_app.command("stop", epilog="Example: newsfold redis stop")
def stop(as_json: JSON = False) -> None:
    """Stop the private server; what it holds stays on disk."""
    from newsfold.jsonview import dumps

    stopped = _server().stop()
    typer.echo(dumps({"stopped": stopped}) if as_json else "stopped" if stopped else "it was not running")


@redis_app.command("status", epilog="Example: newsfold redis status --json")
def status(as_json: JSON = False) -> None:
    """Say whether the private server runs, and what it holds."""
    from newsfold.jsonview import dumps

    found = _server().status()
    facts = {name: getattr(found, name) for name in type(found).__slots__}
    facts |= {"socket": str(found.socket), "log": str(found.log)}
    if as_json:
        typer.echo(dumps(facts))
        return
    for name, value in facts.items():
        typer.echo(f"{name:<15} {value}")
