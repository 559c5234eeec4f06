"""Libphonenumber's zones by calling prefix, mended so that no prefix opens before (or closes after) the clocks of its own country.

Libphonenumber gives each prefix a zone that stands for all with the same hour in winter, so summer time may be another
(Europe/Paris for Algeria), and numbers that are of no place, like mobile ones, it leaves to the caller. The second source is
`zone.tab` of the IANA time zone database. Clocks are compared over three years; of zones with one clock the first is kept.
"""

import collections
import datetime
import functools
import importlib.resources
import random
import zoneinfo

import phonenumbers
import tzdata
from phonenumbers import PhoneNumberType as Kind
from phonenumbers.tzdata import TIMEZONE_DATA

VERSION = tzdata.IANA_VERSION

# Prefixes with places whose zone libphonenumber has in none of their rows.
AREAS = {
    "563": ["Pacific/Easter"],  # Valparaiso's 32 with Easter Island.
    "566": ["America/Punta_Arenas"],  # 61 Magallanes, 67 Aysen.
    "569": ["America/Punta_Arenas", "Pacific/Easter"],  # Chile's mobile numbers, which it cannot tell from others.
    "617": ["Australia/Brisbane"],  # Queensland, and Tweed Heads, which is on Sydney's clock.
    "869": ["Asia/Urumqi"],  # 90 and 99 Xinjiang.
}

# Countries whose mobile numbers begin with an area code: Mexico, Argentina, Brazil.
MOBILE_BY_AREA = {52, 54, 55}

SAMPLES = 600


def own_zones():
    """ISO 3166 country -> its zones, in the order of zone.tab."""
    zones = collections.defaultdict(list)
    text = (importlib.resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones[country].append(zone)
    return zones


class Clocks:
    """What time it is in a zone, over three years."""

    def __init__(self, year):
        start = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
        self.moments = [start + datetime.timedelta(hours=12 * step) for step in range(2 * 365 * 3)]
        self.of = functools.cache(self.of)
        zoneinfo.reset_tzpath([])  # The package's data, not the machine's.

    def of(self, zone):
        return tuple(moment.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset() for moment in self.moments)

    def standard(self, zone):
        return min(self.of(zone))

    def distinct(self, zones):
        """The first zone of each clock."""
        return list({self.of(zone): zone for zone in reversed(zones)}.values())[::-1]

    def has(self, zones, zone):
        return self.of(zone) in map(self.of, zones)


def numbers_under(prefix, code):
    """Numbers for which a prefix is the longest that libphonenumber has, the same ones on every run."""
    dice = random.Random(prefix)
    for _ in range(SAMPLES):
        length = dice.randint(max(len(prefix) + 1, len(code) + 6), len(code) + 11)
        digits = prefix + "".join(dice.choices("0123456789", k=length - len(prefix)))
        longer = (digits[:end] for end in range(len(prefix) + 1, length + 1))
        if not any(known in TIMEZONE_DATA for known in longer):
            national = digits[len(code):]
            yield phonenumbers.PhoneNumber(int(code), int(national), italian_leading_zero=national.startswith("0") or None)


def is_of_no_place(number):
    kind = phonenumbers.number_type(number)
    return kind == Kind.VOIP or kind == Kind.MOBILE and number.country_code not in MOBILE_BY_AREA


def countries_under(prefix, code):
    """Countries with numbers under a prefix, the main one first, and those of them with numbers that are of no place there."""
    every = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
    if prefix == code:
        return every, every
    valid = filter(phonenumbers.is_valid_number, numbers_under(prefix, code))
    known = [(phonenumbers.region_code_for_number(number), is_of_no_place(number)) for number in valid]
    found = {country for country, _ in known} or every
    return [country for country in every if country in found], {country for country, of_no_place in known if of_no_place}


def mended(clocks, own, row, countries, everywhere, unkept):
    """The zones of one prefix; `own` are those of the countries that share its calling code.

    A country with one clock, and numbers of no place, have all clocks of the country. Otherwise a zone of no country here
    gives way to those it stands for, and so do clocks that no prefix of the country keeps get theirs.
    """
    prefix, names = row
    here = [zone for zones in own.values() for zone in zones]
    if not here:
        return names
    wanted = list(AREAS.get(prefix, []))
    for country in countries:
        distinct = clocks.distinct(own[country])
        if len(distinct) == 1 or country in everywhere:
            wanted += distinct
    foreign = [zone for zone in names if not clocks.has(here, zone)]
    wanted += stood_for(clocks, foreign, here) + stood_for(clocks, names, [zone for zone in here if zone in unkept])
    kept = [zone for zone in names if zone not in foreign]
    kept += [zone for zone in clocks.distinct(wanted) if not clocks.has(kept, zone)]
    return kept or clocks.distinct(here)


def stood_for(clocks, names, zones):
    return [zone for zone in zones if clocks.standard(zone) in map(clocks.standard, names)]


def of_code(clocks, own, code, known):
    """The mended rows of one calling code."""
    every = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
    usual = known.get(code, ())
    own = {country: sorted(own[country], key=lambda zone: zone not in usual) for country in every}
    names = [zone for zones in known.values() for zone in zones]
    unkept = [zone for country in every for zone in own[country] if not clocks.has(names, zone)]
    rows = {}
    for prefix in sorted(known):
        countries, everywhere = countries_under(prefix, code)
        zones = sorted(mended(clocks, own, (prefix, known[prefix]), countries, everywhere, unkept))
        country_row = rows.get(code, [])
        of_no_place = everywhere and len(clocks.distinct(country_row)) > 1
        if of_no_place and set(map(clocks.of, zones)) == set(map(clocks.of, country_row)):
            zones = country_row
        shorter = next((rows[prefix[:end]] for end in range(len(prefix) - 1, 0, -1) if prefix[:end] in rows), None)
        if not of_no_place or zones != shorter:  # Such a row tells no more than its country's.
            rows[prefix] = zones
    return rows


def prefixes(year):
    """Sorted prefixes outside +1 and the bare 1, with their sorted zones."""
    clocks, own = Clocks(year), own_zones()
    by_code = collections.defaultdict(dict)
    for prefix, names in TIMEZONE_DATA.items():
        if names != ("Etc/Unknown",) and not prefix.startswith("1"):
            code = next(prefix[:end] for end in (1, 2, 3) if int(prefix[:end]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
            by_code[code][prefix] = names
    rows = {"1": sorted(TIMEZONE_DATA["1"])}
    for code, known in by_code.items():
        rows |= of_code(clocks, own, code, known)
    return sorted(rows.items())
