"""One dossier through the three services, by the clients that openapi-python-client made of their contracts. What it
is given stands in the environment: the address of each service, and a token for each role. Its last line is what came
of it."""

import json
import os
import time
from uuid import uuid4

from motcua_intake import AuthenticatedClient as Intake
from motcua_intake.api.deadlines import read_deadline
from motcua_intake.api.dossiers import receive_dossier
from motcua_intake.models import ApplicantIn, ApplicantInKind, DeadlineAccount, Dossier, DossierIn, DossierInChannel
from motcua_intake.models import ProblemBody as Refusal
from motcua_routing import AuthenticatedClient as Routing
from motcua_routing import Client as Anybody
from motcua_routing.api.agencies import list_agencies
from motcua_routing.api.cases import read_case, report_finish
from motcua_routing.models import AgencyPage, Case, CaseFinishIn, CaseFinishInOutcome, ListAgenciesLevelType0
from motcua_stats import AuthenticatedClient as Stats
from motcua_stats.api.reports import resolution_report
from motcua_stats.models import ResolutionReport

given = os.environ
AGENCY = given["AGENCY"]
counter = Intake(base_url=given["INTAKE"], token=given["COUNTER_TOKEN"], raise_on_unexpected_status=True)
handler = Routing(base_url=given["ROUTING"], token=given["HANDLER_TOKEN"], raise_on_unexpected_status=True)
leader = Stats(base_url=given["STATS"], token=given["LEADER_TOKEN"], raise_on_unexpected_status=True)

# Without a token: which agencies there are.
agencies = list_agencies.sync(client=Anybody(base_url=given["ROUTING"]), level=ListAgenciesLevelType0.COMMUNE, limit=3)
assert isinstance(agencies, AgencyPage)
assert len(agencies.items) == 3
assert agencies.next_ is not None

# A refusal says what is wrong, and in which field.
applicant = ApplicantIn(kind=ApplicantInKind.PERSON, name="Nguyễn Thị Đào", id_number="045190001234")
draft = DossierIn(procedure=given["PROCEDURE"], agency="nowhere", channel=DossierInChannel.COUNTER, applicant=applicant)
refused = receive_dossier.sync(client=counter, body=draft)
assert isinstance(refused, Refusal)
assert (refused.code, [reason.field for reason in refused.errors]) == ("invalid_request", ["agency"])

# Sent twice with one key, received once.
draft.agency, key = AGENCY, str(uuid4())
received = receive_dossier.sync(client=counter, body=draft, idempotency_key=key)
assert isinstance(received, Dossier)
again = receive_dossier.sync_detailed(client=counter, body=draft, idempotency_key=key)
assert isinstance(again.parsed, Dossier)
assert again.parsed.code == received.code
assert again.headers["Idempotency-Replayed"] == "true"

# Why it is due when it is.
account = read_deadline.sync(received.code, client=counter)
assert isinstance(account, DeadlineAccount)
assert account.due_at == received.due_at

# Routing hears of it in a moment; its handler finishes it, upon the version that was read.
for _ in range(200):
    read = read_case.sync_detailed(received.code, client=handler)
    if isinstance(read.parsed, Case):
        break
    time.sleep(0.1)
assert isinstance(read.parsed, Case)
assert read.parsed.holder == AGENCY
granted = CaseFinishIn(outcome=CaseFinishInOutcome.GRANTED)
stale = report_finish.sync_detailed(received.code, client=handler, body=granted, if_match='"999"')
assert stale.status_code == 412
finished = report_finish.sync(received.code, client=handler, body=granted, if_match=read.headers["ETag"])
assert isinstance(finished, Case)

# It is counted.
today = received.accepted_at.date()
report = resolution_report.sync(client=leader, agency=AGENCY, from_=today, to=today)
assert isinstance(report, ResolutionReport)
total = report.total
print(
    json.dumps(
        {
            "code": received.code,
            "counted": total.received,
            "resolved": total.resolved,
            "rate": total.on_time_rate,
        }
    )
)
