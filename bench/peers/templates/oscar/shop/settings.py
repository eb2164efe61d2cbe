"""Every app of oscar, debug off, a transaction a request, connections kept; no pages, no static."""

import json
import os

from oscar import INSTALLED_APPS
from oscar.defaults import *  # noqa: F403 - how oscar's documentation has it

__all__ = ["INSTALLED_APPS"]

_database = json.loads(os.environ["PEER_DATABASE"])

DEBUG = False
SECRET_KEY = "a bench on the loopback interface"
ALLOWED_HOSTS = ["127.0.0.1"]
SITE_ID = 1
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
MIDDLEWARE: list[str] = []
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": None,
        **_database,
    }
}
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
STATIC_URL = "/static/"
OSCAR_DEFAULT_CURRENCY = "USD"
LOGGING = {"version": 1, "root": {"level": "WARNING"}}
