"""PayPal's official client for one account, at the account's own address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from paypalserversdk.configuration import Configuration
from paypalserversdk.exceptions.api_exception import ApiException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from entrepot.providers.blocking import BoundedSession
from entrepot.providers.exchange import TOTAL_SECONDS, failure, was_not_sent
from entrepot.providers.paypal_answers import NOT_FOUND, TokenFault


class _Configuration(Configuration):  # type: ignore[misc]
    """The client's configuration, at the account's own address."""

    entrepot_base_url = ""

    def get_base_uri(self, _server: Any = None) -> str:
        return self.entrepot_base_url


def client_of(account: Mapping[str, str], session: BoundedSession) -> PaypalServersdkClient:
    """The client with the account's members, which sends through a session."""
    configuration = _Configuration(
        http_client_instance=session, timeout=TOTAL_SECONDS, max_retries=0,
        client_credentials_auth_credentials=ClientCredentialsAuthCredentials(
            account["client_id"], account["client_secret"], o_auth_token_provider=token,
        ),
    )  # fmt: skip
    configuration.entrepot_base_url = account["base_url"]
    return PaypalServersdkClient(config=configuration)


def token(_last: Any, oauth: Any) -> Any:
    """A new access token. Raises TokenFault: the call that needs the token is then never sent."""
    try:
        made = oauth.fetch_token()
    except ApiException as error:
        raise TokenFault(int(error.response_code)) from error
    except Exception as error:
        told = failure(error)
        raise TokenFault(0, f"not reached: {told}" if was_not_sent(error) else told) from error
    if not isinstance(getattr(made, "access_token", None), str):
        raise TokenFault(0, "what answers is not PayPal")
    return made


def plain(response: Any) -> dict[str, Any]:
    """PayPal's answer as it was sent."""
    return dict(json.loads(response.text))


def shown(response: Any) -> dict[str, Any]:
    """The object that PayPal answered with; empty where PayPal answered with none."""
    return plain(response) if response.text else {}


def asked_for(ask: Callable[[], Any]) -> dict[str, Any] | None:
    """An object of PayPal's; None where PayPal does not know it."""
    try:
        return plain(ask())
    except ApiException as error:
        if error.response_code == NOT_FOUND:
            return None
        raise
