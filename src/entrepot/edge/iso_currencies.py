"""The currencies of ISO 4217 (list one), with the decimal places of their smallest units.

Source: the list of 2026-01-01 by ISO's agency, as the package `iso4217` has it. A test holds this
table against the package. A server does not load the package: the package reads XML at each start,
and the reader of XML takes 1 MB for as long as the server lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WHOLE = """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
"""
_TWO_PLACES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
    CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
    LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
    NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
    SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST
    XAD XCD XCG YER ZAR ZMW ZWG
"""
_THREE_PLACES = """
    BHD IQD JOD KWD LYD OMR TND
"""
_FOUR_PLACES = """
    CLF UYW
"""
# Metals, units of account and codes for tests: the list gives no places.
_NO_PLACES = """
    XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX
"""

#: The decimal places of each currency; None where the list gives none.
PLACES: Mapping[str, int | None] = MappingProxyType({
    code: places
    for codes, places in (
        (_WHOLE, 0), (_TWO_PLACES, 2), (_THREE_PLACES, 3), (_FOUR_PLACES, 4), (_NO_PLACES, None),
    )
    for code in codes.split()
})  # fmt: skip
