"""Tables that stats writes: additive day histograms and monthly checkpoints, folded from the event log."""

from sqlalchemy import BigInteger, Column, Date, Integer, SmallInteger, Table

from shared.domain.counts import METRICS
from shared.tables.schema import metadata, position_table

count_day = Table(
    "count_day",
    metadata,
    Column("agency_id", Integer, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("channel", SmallInteger, primary_key=True),
    *(Column(metric, Integer, nullable=False, server_default="0") for metric in METRICS),
    comment="how many dossiers did what on a day; any set of agencies and any period is a sum of these",
)

count_checkpoint = Table(
    "count_checkpoint",
    metadata,
    Column("agency_id", Integer, primary_key=True),
    Column("month", Date, primary_key=True, comment="first day of a month: the sums are over all days before it"),
    Column("channel", SmallInteger, primary_key=True),
    *(Column(metric, BigInteger, nullable=False, server_default="0") for metric in METRICS),
)

stats_position = position_table("stats")
