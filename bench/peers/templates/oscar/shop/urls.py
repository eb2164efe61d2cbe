"""The view that takes an order."""

from django.urls import path

from shop.views import order

urlpatterns = [path("order", order)]
