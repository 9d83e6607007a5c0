"""SQL of what verification compares: instants as texts, and what a payload says. A payload is never read as JSON:
whoever changed an event may have broken it."""


def micros(instant: str) -> str:
    """Microseconds since 1970, as the chain has them."""
    # As a float: to the microsecond until 2105, and three times as fast as numeric. An instant without end has none,
    # nor has one of the last years that PostgreSQL knows, whose microseconds are no bigint.
    told = f"{instant} > '-infinity' AND {instant} < '290000-01-01'"
    return f"CASE WHEN {told} THEN round(date_part('epoch', {instant}) * 1000000)::bigint END"


def day(instant: str) -> str:
    """The civil day of an instant."""
    return f"({instant} AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"


def stamp(instant: str) -> str:
    """An instant as a payload has it."""
    return f"to_char({instant} AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD\"T\"HH24:MI:SS') || '+07:00'"


def exactly(instant: str) -> str:
    """The same of any instant: with microseconds where it has some."""
    local = f"{instant} AT TIME ZONE 'Asia/Ho_Chi_Minh'"
    fraction = f"CASE WHEN date_trunc('second', {instant}) <> {instant} THEN to_char({local}, '.US') ELSE '' END"
    return f"to_char({local}, 'YYYY-MM-DD\"T\"HH24:MI:SS') || {fraction} || '+07:00'"


def said(name: str, payload: str = "e.payload") -> str:
    """A text in a payload."""
    return f"split_part(split_part({payload}, '\"{name}\":\"', 2), '\"', 1)"


def said_or_none(name: str, payload: str = "e.payload") -> str:
    """A text in a payload; '-' where it says in so many words that there is none."""
    return f"CASE WHEN strpos({payload}, '\"{name}\":null') > 0 THEN '-' ELSE {said(name, payload)} END"


def number(name: str, payload: str) -> str:
    """A number in a payload, as text."""
    return f"rtrim(split_part(split_part({payload}, '\"{name}\":', 2), ',', 1), '}}')"


def has(name: str, payload: str = "e.payload") -> str:
    """Whether a payload says anything by this name."""
    return f"strpos({payload}, '\"{name}\":') > 0"


def has_number(name: str, number: str, payload: str = "placed.payload") -> str:
    """Whether a payload says just this number, and goes on."""
    return f"strpos({payload}, '\"{name}\":' || {number} || ',') > 0"


#: What an event's hash is taken of, behind the hash before it: shared.domain.chain says the same.
CHAINED = f"""concat(coalesce(d.reference, d.code), E'\\n', e.seq, E'\\n', e.kind, E'\\n', e.status, E'\\n',
      {micros("e.occurred_at")}, E'\\n', {micros("e.recorded_at")}, E'\\n', e.actor, E'\\n',
      e.acting_agency_id, E'\\n', e.agency_id, ',', e.channel, ',',
      e.received_day, ',', e.due_day, ',', e.late_day, ',', e.finished_day, ',', e.verdict, ',', e.paused::int,
      E'\\n', e.payload)"""
#: An event's hash made anew; over the window `w` of its dossier's events by `seq`.
MADE = f"""sha256(lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER w
      || convert_to({CHAINED}, 'UTF8'))"""

#: Kind and actor are one line each, or two events could have one text.
UNCLEAN = "strpos(e.kind, E'\\n') > 0 OR strpos(e.actor, E'\\n') > 0"
