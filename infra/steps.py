"""
What azd's hooks do around a deployment: all that the person at the keyboard may do.

What they may not do is printed, as one filled-in block for each other person. Every step can be
repeated. Nothing is changed in the tenant without consent, which is asked for once and remembered.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra import grant_graph_roles
from infra.blocks import (
    deployer_block,
    entra_block,
    entra_removal_block,
    exchange_block,
    exchange_removal_block,
    is_address,
)
from infra.registration import Deployed, Registrar
from shared.endpoints import Cloud, make_endpoint
from shared.errors import MfaStatusError, SourceDeniedError
from shared.identity import Login, open_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infra.azd import Azd
    from infra.registration import Person
    from shared.identity import GraphClient

CONSENT = "SETUP_CONSENT"
WAKE_TRIES = 20
SECONDS_BETWEEN_WAKES = 15.0
_REQUEST_SECONDS = 60.0
_ASKED = """\

The app is deployed, and may read nothing yet. With your consent this will now, as you:
  - grant its identity the read-only Graph permissions that its figures need (docs/deploy.md),
  - register the application "MFA status", which people sign in with, and give you its three roles.
What you may not do is left out, and printed for somebody who may."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a step speaks, asks and waits."""

    say: Callable[[str], None]
    ask: Callable[[str], str]  #: an empty answer where nobody is there to answer
    pause: Callable[[float], None]
    graph_endpoint: str = ""  #: instead of the cloud's own
    token: str = "local"  # noqa: S105 (a loopback host's)

    def show(self, lines: Iterable[str]) -> None:
        """Print lines."""
        for line in lines:
            self.say(line)

    def open_graph(self, tenant_id: str, cloud: Cloud) -> GraphClient:
        """Open Graph as the person who is signed in."""
        url = self.graph_endpoint or cloud.graph_url
        endpoint = make_endpoint("--graph-endpoint", url, self.token)
        return open_graph(endpoint, Login(cloud, tenant_id=tenant_id))


def provisioned(azd: Azd, terminal: Terminal) -> None:
    """Give the new app its permissions and its sign-in, and say what others have to do."""
    deployed = azd.deployed()
    owed: list[str] = []
    if _has_consent(azd, terminal):
        client_id, person = _set_up_entra(deployed, terminal, owed)
        _remember(azd, terminal, client_id, person)
    else:
        owed.append("consent was not given")
    if owed:
        terminal.say(f"Left to do in Entra: {'; '.join(owed)}.")
        terminal.show(entra_block(deployed))
    if sender := azd["REPORT_SENDER"]:
        terminal.show(exchange_block(sender, azd["IDENTITY_CLIENT_ID"], deployed.principal_id))


def entra(deployed: Deployed, terminal: Terminal) -> int:
    """Do an Entra administrator's part; return 1 if something is left."""
    owed: list[str] = []
    client_id, _ = _set_up_entra(deployed, terminal, owed)
    if client_id:
        terminal.show(deployer_block(client_id))
    terminal.show(f"Refused: {reason}" for reason in owed)
    return 1 if owed else 0


def awake(azd: Azd, terminal: Terminal) -> None:
    """Wake the app, which then begins its first run, and say where the report will be."""
    if not azd["AUTH_CLIENT_ID"]:
        terminal.say("The site is closed until the app is registered in Entra (see above). The")
        terminal.say("first run begins with the schedule, at 02:15 UTC.")
        return
    url = azd["REPORT_URL"].removesuffix("/report")
    status = _wake(f"{url}/probe", terminal)
    terminal.say(f"The app answers: {status}." if status else "The app does not answer yet.")
    terminal.say(f"It reads the tenant's sign-ins now. The report will be at {azd['REPORT_URL']}.")
    if azd["REPORT_RECIPIENTS"]:
        terminal.say(
            f"The first mail goes to {azd['REPORT_RECIPIENTS']} as soon as the report is made and "
            "the mailbox may be used, but not before 05:15 UTC; POST /api/mails sends it again."
        )


def removing(azd: Azd) -> None:
    """Write down, while azd still knows them, the ids of what is outside the resource group."""
    deployed = azd.deployed()
    kept = {
        "tenant_id": deployed.tenant_id,
        "principal_id": deployed.principal_id,
        "cloud": str(deployed.cloud),
        "sender": azd["REPORT_SENDER"],
    }
    azd.folder().mkdir(parents=True, exist_ok=True)
    (azd.folder() / "removal.json").write_text(json.dumps(kept), encoding="utf-8")


def removed(azd: Azd, terminal: Terminal) -> None:
    """Take back what the tenant gave: grants and registration; say what others have to do."""
    path = azd.folder() / "removal.json"
    if not path.exists():
        terminal.say("Nothing was written down before the removal, so nothing else is removed.")
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    tenant_id, principal_id, cloud = kept["tenant_id"], kept["principal_id"], Cloud(kept["cloud"])
    if remove(tenant_id, principal_id, cloud, terminal):
        terminal.show(entra_removal_block(tenant_id, cloud, principal_id))
    if kept["sender"]:
        terminal.show(exchange_removal_block(principal_id))
    path.unlink()


def remove(tenant_id: str, principal_id: str, cloud: Cloud, terminal: Terminal) -> int:
    """Take back the grants and remove the registration; return 1 if that was refused."""
    name = Deployed(tenant_id, principal_id, "", cloud).unique_name
    try:
        with terminal.open_graph(tenant_id, cloud) as graph:
            registrar = Registrar(graph, terminal.pause)
            taken = registrar.revoke(principal_id)
            had = registrar.remove(name)
    except MfaStatusError as error:
        terminal.say(f"Not removed from Entra: {error}")
        return 1
    terminal.say(f"Grants taken back: {taken or 'none was left'}.")
    terminal.say("The app registration is removed." if had else "There is no app registration.")
    return 0


def _has_consent(azd: Azd, terminal: Terminal) -> bool:
    if azd[CONSENT]:
        return azd[CONSENT].lower() == "true"
    terminal.say(_ASKED)
    is_given = terminal.ask("Go on? [y/N] ").strip().lower() in ("y", "yes")
    if is_given:
        azd.remember(CONSENT, "true")
    return is_given


def _set_up_entra(
    deployed: Deployed, terminal: Terminal, owed: list[str]
) -> tuple[str, Person | None]:
    """Grant and register, each as far as this person may; what they may not is added to `owed`."""
    if _grant(deployed, terminal):
        owed.append("Graph permissions")
    client_id, person = "", None
    try:
        with terminal.open_graph(deployed.tenant_id, deployed.cloud) as graph:
            registrar = Registrar(graph, terminal.pause)
            client_id = registrar.register(deployed)
            terminal.say(f"registered           {client_id}")
            if person := registrar.person():
                roles = registrar.assign(client_id, person)
                terminal.say(f"roles are yours      {', '.join(roles)}")
    except SourceDeniedError as error:
        owed.append("the app's roles" if client_id else "the app registration")
        terminal.say(f"{error}")
    except MfaStatusError as error:
        owed.append(f"the app registration ({error})")
    return client_id, person


def _grant(deployed: Deployed, terminal: Terminal) -> int:
    given = ["--principal", deployed.principal_id, "--tenant", deployed.tenant_id, "--grant"]
    given += ["--cloud", str(deployed.cloud)]
    if terminal.graph_endpoint:
        given += ["--graph-endpoint", terminal.graph_endpoint]
    return grant_graph_roles.main(given, token=terminal.token, pause=terminal.pause)


def _remember(azd: Azd, terminal: Terminal, client_id: str, person: Person | None) -> None:
    """Keep what the template needs to know, and deploy it if something is new."""
    address = person.address if person else ""
    values = {"AUTH_CLIENT_ID": client_id}
    if address and not azd["REPORT_RECIPIENTS"]:
        values |= _mail(terminal, address)
    new = {name: value for name, value in values.items() if value and azd[name] != value}
    for name, value in new.items():
        azd.remember(name, value)
    if new:
        terminal.say("Deploying again, with these: it opens the site to those who have a role.")
        azd.provision()


def _mail(terminal: Terminal, address: str) -> dict[str, str]:
    sender = f"mfa-status@{address.partition('@')[2]}"
    recipient = terminal.ask(f"Who gets the mail? [{address}] ").strip() or address
    sender = terminal.ask(f"From which shared mailbox? [{sender}] ").strip() or sender
    if not (is_address(recipient) and is_address(sender)):
        terminal.say("That is not one mail address: set REPORT_RECIPIENTS and REPORT_SENDER later.")
        return {}
    values = {"REPORT_RECIPIENTS": recipient, "REPORT_SENDER": sender}
    return values | {"ALERT_RECIPIENTS": recipient}


def _wake(url: str, terminal: Terminal) -> str:
    """What health says; empty if it does not answer."""
    for _ in range(WAKE_TRIES):
        if status := _health(url):
            return status
        terminal.pause(SECONDS_BETWEEN_WAKES)
    return ""


def _health(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_REQUEST_SECONDS) as answer:  # noqa: S310
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except OSError:
        return ""
    try:
        return str(json.loads(body)["status"])
    except (ValueError, TypeError, KeyError):
        return ""
