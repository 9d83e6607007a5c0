"""Who may do what: one table, which every endpoint reads, the contracts show and docs/rights.md prints.

A right has two halves. The roles are held against the token before anything is read; whoever has none of them is
refused (403). The relation is what the part of the agency tree that the token covers, as of today, must hold; the use
case that knows the dossier asks for it, and to whoever lacks it a dossier is not there (404), or its act is refused
(403).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from shared.web.auth.roles import STAFF, Role


class Relation(StrEnum):
    """What must lie in the part of the tree that a token covers."""

    NONE = "none"  #: nothing: what is asked is of no agency and no dossier
    WITHIN = "within"  #: a list shows what lies within
    AGENCY = "agency"  #: the agency that is named, or whose the thing is
    PROVINCE = "province"  #: every agency in force
    RECEIVER_OR_HOLDER = "receiver_or_holder"  #: who received the dossier, or who has it in hands
    SIGHT = "sight"  #: one of these, and sees all of its applicant's data by the table of sights
    PARTY = "party"  #: one of these, or who takes part in it, or who gave it until it is received
    HOLDER = "holder"  #: who has it in hands
    GIVER = "giver"  #: who gave it, and it is not received yet
    SHARE = "share"  #: whose share it is, or who has the paper that was given back
    AT_WORK = "at_work"  #: who has it in hands, or an open share of it
    ASKED = "asked"  #: the unit that was asked


class Right(NamedTuple):
    """Whose an action is. roles: none of them, it is everybody's. by_delegation: those that need a delegation of a
    leader for it."""

    roles: frozenset[Role]
    relation: Relation = Relation.NONE
    by_delegation: frozenset[Role] = frozenset()


def _of(*roles: Role, relation: Relation = Relation.NONE, by_delegation: Iterable[Role] = ()) -> Right:
    return Right(frozenset(roles), relation, frozenset(by_delegation))


_PUBLIC = Right(frozenset())
#: Who informs the applicant, and takes what he brings. A supervisor watches and moves nothing.
_ONE_STOP = (Role.COUNTER, Role.ADMIN, Role.MACHINE)
_OFFICERS = (Role.COUNTER, Role.HANDLER, Role.LEADER)
_AGENCY = (*_OFFICERS, Role.ADMIN, Role.MACHINE)
#: A machine decides nothing in a leader's place.
_MOVERS = (*_OFFICERS, Role.ADMIN)
#: Art. 19(9) of Decree 61/2018: the agency proposes and sends the letter, the one-stop informs.
_PROPOSERS = (Role.HANDLER, Role.LEADER, Role.ADMIN, Role.MACHINE)
#: Who answers for the figures of an agency, or watches over them.
_WATCHERS = (Role.LEADER, Role.SUPERVISOR, Role.ADMIN)

_SEEN = Relation.RECEIVER_OR_HOLDER
_READ_DOSSIER = _of(*STAFF, relation=_SEEN)
_READ_CASE = _of(*STAFF, relation=Relation.PARTY)
_LISTED = _of(*STAFF, relation=Relation.WITHIN)
_REPORT = _of(*STAFF, relation=Relation.AGENCY)
_ACT = _of(*_AGENCY, relation=_SEEN)
_AT_COUNTER = _of(*_ONE_STOP, relation=_SEEN)

#: What a leader decides for the agency, or whoever was delegated (routing_service/delegations).
_DECIDE = _of(*_MOVERS, relation=Relation.HOLDER, by_delegation=(Role.COUNTER, Role.HANDLER))

#: By the operation's id in the contracts.
RIGHTS: Mapping[str, Right] = MappingProxyType(
    {
        # health and catalogues: everybody's (Circular 01/2018 art. 16(2)d)
        "healthz": _PUBLIC,
        "readyz": _PUBLIC,
        "metrics": _PUBLIC,
        "listProcedures": _PUBLIC,
        "readProcedure": _PUBLIC,
        "readComponents": _PUBLIC,
        "listSupplementRules": _PUBLIC,
        "readSupplementRule": _PUBLIC,
        "previewDeadline": _PUBLIC,
        # For whoever holds the receipt, or is the applicant: to anybody else there is no such dossier.
        "rateDossier": _PUBLIC,
        "readRating": _PUBLIC,
        "publicSatisfaction": _PUBLIC,
        # Anybody has something to say; what became of it is for whoever has its secret.
        "submitPetition": _PUBLIC,
        "trackPetition": _PUBLIC,
        "giveInformation": _PUBLIC,
        "listPublishedPetitions": _PUBLIC,
        "listPetitionTerms": _PUBLIC,
        # For whoever was given a signed link, as the national database is.
        "fetchFile": _PUBLIC,
        "trackDossier": _PUBLIC,  # the more the receipt's secret or the applicant's own token shows
        "listAgencies": _PUBLIC,
        "readAgency": _PUBLIC,
        "readAgencySessions": _PUBLIC,
        "readCalendar": _PUBLIC,
        "definitions": _PUBLIC,
        "listOfficialForms": _PUBLIC,
        "readOfficialForm": _PUBLIC,
        # intake
        "setComponents": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "enterSupplementRule": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "endSupplementRule": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "receiveDossier": _of(Role.CITIZEN, *_ONE_STOP, relation=Relation.AGENCY),
        "listDossiers": _LISTED,
        "readDossier": _READ_DOSSIER,
        "readDossierEvents": _READ_DOSSIER,
        "readDeadline": _READ_DOSSIER,
        "listForms": _READ_DOSSIER,
        "readForm": _READ_DOSSIER,
        "readLedger": _REPORT,
        # An applicant too, of a dossier of their own: sends while it is open, and is shown what they sent.
        "attachFile": _of(Role.CITIZEN, Role.COUNTER, Role.HANDLER, Role.MACHINE, relation=_SEEN),
        "listFiles": _of(Role.CITIZEN, *STAFF, relation=_SEEN),
        # What an applicant cannot know: whether the agency made a file of a paper.
        "markFile": _of(Role.COUNTER, Role.HANDLER, Role.MACHINE, relation=_SEEN),
        "listFileMarks": _READ_DOSSIER,
        "readDocuments": _READ_DOSSIER,
        # A scan masks nothing.
        "readFileContent": _of(Role.COUNTER, Role.HANDLER, Role.LEADER, Role.MACHINE, relation=Relation.SIGHT),
        "actOnDossiers": _ACT,
        "acceptDossier": _AT_COUNTER,
        "refuseDossier": _AT_COUNTER,
        "requestSupplement": _ACT,
        "supplementDossier": _AT_COUNTER,
        "requestPayment": _ACT,
        "payDossier": _AT_COUNTER,
        "extendDossier": _AT_COUNTER,
        "apologise": _ACT,
        "withdrawDossier": _AT_COUNTER,
        "stopDossier": _ACT,
        "finishDossier": _ACT,
        "recordResult": _ACT,
        "returnDossier": _AT_COUNTER,
        "reopenDossier": _of(Role.SUPERVISOR, Role.ADMIN, relation=_SEEN),
        "correctDossier": _of(Role.SUPERVISOR, Role.ADMIN, relation=_SEEN),
        "readApologies": _READ_DOSSIER,
        "recordSending": _ACT,
        "recordReceipt": _ACT,
        "listUnsentApologies": _LISTED,
        "proposeExtension": _of(*_PROPOSERS, relation=Relation.HOLDER),
        "readExtensionProposals": _READ_DOSSIER,
        "rejectExtension": _AT_COUNTER,
        "listOpenProposals": _LISTED,
        "importDossiers": _of(Role.ADMIN, Role.MACHINE, relation=Relation.AGENCY),
        "listImports": _of(Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "readImport": _of(Role.ADMIN, Role.MACHINE, relation=Relation.AGENCY),
        "readImportTotals": _of(Role.ADMIN, Role.MACHINE, relation=Relation.AGENCY),
        "readImportRejects": _of(Role.ADMIN, Role.MACHINE, relation=Relation.AGENCY),
        # Who rated is not for those who were rated (Decree 61/2018 art. 27(3)).
        "listRatings": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.WITHIN),
        "enterPetition": _of(*_AGENCY, relation=Relation.AGENCY),
        # Of officers' behaviour: leaders, supervisors and admins only (intake_service/petitions/rules.py).
        "listPetitions": _LISTED,
        "readPetition": _REPORT,
        "takeUpPetition": _of(*_MOVERS, relation=Relation.AGENCY),
        "forwardPetition": _of(*_MOVERS, relation=Relation.AGENCY),
        "refusePetition": _of(*_MOVERS, relation=Relation.AGENCY),
        "askPetitioner": _of(*_MOVERS, relation=Relation.AGENCY),
        "recordInformation": _of(*_MOVERS, relation=Relation.AGENCY),
        "answerPetition": _of(Role.HANDLER, Role.LEADER, Role.ADMIN, relation=Relation.AGENCY),
        "publishPetition": _of(Role.LEADER, Role.ADMIN, relation=Relation.AGENCY),
        "withholdPetition": _of(Role.LEADER, Role.ADMIN, relation=Relation.AGENCY),
        "enterPetitionTerm": _of(Role.ADMIN, relation=Relation.PROVINCE),
        # what the national database is told: for whoever sees that it is
        "readNationalStanding": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "listNationalMessages": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "readNationalMessage": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.AGENCY),
        "resendNationalMessage": _of(Role.ADMIN, relation=Relation.AGENCY),
        "resendNationalMessages": _of(Role.ADMIN, relation=Relation.WITHIN),
        "beginNationalRound": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "listNationalRounds": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "readNationalRound": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "listNationalDifferences": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "readExchangeStanding": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "listExchange": _of(Role.SUPERVISOR, Role.ADMIN, Role.MACHINE, relation=Relation.WITHIN),
        "resendExchange": _of(Role.ADMIN, relation=Relation.AGENCY),
        "resendNationalDifferences": _of(Role.ADMIN, relation=Relation.WITHIN),
        # the national catalogue: what holds for every agency the province's administrators decide
        "beginCataloguePull": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "listCataloguePulls": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.NONE),
        "readCataloguePull": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.NONE),
        "listCatalogueFindings": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.NONE),
        "listCatalogueProposals": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.NONE),
        "readCatalogueProposal": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.NONE),
        "approveCatalogueProposal": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "rejectCatalogueProposal": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "listCatalogueMappings": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.NONE),
        "setCatalogueMapping": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "readCatalogueEntries": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.NONE),
        "resyncNational": _of(Role.ADMIN, relation=Relation.WITHIN),
        # who read personal data: for whoever watches over that
        "listAccessRecords": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.WITHIN),
        "readAccessRecord": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.AGENCY),
        # the whole log: for whoever watches over the province, and hands it to a third party
        "listAnchors": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.PROVINCE),
        "readAnchor": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.PROVINCE),
        "readAnchorStamp": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.PROVINCE),
        "readAnchoredEvents": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.PROVINCE),
        # routing
        "setAgencySessions": _of(Role.ADMIN, relation=Relation.AGENCY),
        "enterIdentificationCodes": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "listIdentificationCodes": _of(*STAFF),
        "previewCalendarChange": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "changeCalendar": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "listCalendarChanges": _of(*STAFF),
        "readCalendarChange": _of(*STAFF),
        "openCase": _of(Role.MACHINE, relation=Relation.AGENCY),
        "openCases": _of(Role.MACHINE, relation=Relation.AGENCY),
        "listCases": _LISTED,
        "readCase": _READ_CASE,
        "reportFinish": _of(*_OFFICERS, relation=Relation.HOLDER),
        "handOver": _of(*_AGENCY, relation=Relation.HOLDER),
        "listHandOvers": _READ_CASE,
        "receiveHandOver": _of(*_AGENCY, relation=Relation.HOLDER),
        "declineHandOver": _DECIDE,
        "recallHandOver": _of(*_AGENCY, relation=Relation.GIVER),
        "returnHandOver": _DECIDE,
        "assignCase": _DECIDE,
        "listAssignments": _READ_CASE,
        "actOnCases": _of(*_MOVERS, relation=Relation.HOLDER),
        # nobody delegates what is another's to decide
        "delegate": _of(Role.LEADER, relation=Relation.AGENCY),
        "listDelegations": _LISTED,
        "endDelegation": _of(Role.LEADER, Role.ADMIN, relation=Relation.AGENCY),
        "reorganise": _of(Role.ADMIN, relation=Relation.AGENCY),
        "listReorganisations": _LISTED,
        "readReorganisation": _of(*STAFF, relation=Relation.AGENCY),
        "listLeftOver": _of(*STAFF, relation=Relation.AGENCY),
        "readWorklist": _LISTED,
        "listSegments": _READ_CASE,
        "finishSegment": _of(*_OFFICERS, relation=Relation.SHARE),
        "listOpenSegments": _LISTED,
        "askOpinion": _of(*_OFFICERS, relation=Relation.AT_WORK),
        "readOpinions": _READ_CASE,
        "answerOpinion": _of(*_OFFICERS, relation=Relation.ASKED),
        "listOpinions": _LISTED,
        "listOverdue": _LISTED,
        "listDueSoon": _LISTED,
        "listOwedApologies": _LISTED,
        "countOwedApologies": _LISTED,
        # who names a target decides what leaves the house
        "createWebhook": _of(Role.ADMIN, relation=Relation.AGENCY),
        "listWebhooks": _of(Role.ADMIN, relation=Relation.WITHIN),
        "readWebhook": _of(Role.ADMIN, relation=Relation.AGENCY),
        "changeWebhook": _of(Role.ADMIN, relation=Relation.AGENCY),
        "pauseWebhook": _of(Role.ADMIN, relation=Relation.AGENCY),
        "resumeWebhook": _of(Role.ADMIN, relation=Relation.AGENCY),
        "deleteWebhook": _of(Role.ADMIN, relation=Relation.AGENCY),
        "rotateWebhookSecret": _of(Role.ADMIN, relation=Relation.AGENCY),
        "testWebhook": _of(Role.ADMIN, relation=Relation.AGENCY),
        "listWebhookDeliveries": _of(Role.ADMIN, relation=Relation.AGENCY),
        "resendWebhookDelivery": _of(Role.ADMIN, relation=Relation.AGENCY),
        "defineWorkflow": _of(Role.ADMIN, relation=Relation.AGENCY),
        "listWorkflows": _of(*STAFF),
        "readWorkflow": _of(*STAFF),
        # stats
        "resolutionReport": _REPORT,
        "resolutionReportDossiers": _REPORT,
        "enterOfficialForm": _of(Role.ADMIN, relation=Relation.PROVINCE),
        "tableII06a": _REPORT,
        "letterAnnex": _REPORT,
        "lateList": _REPORT,
        "index766Report": _REPORT,
        "nationalVerdictsReport": _REPORT,
        "nationalVerdictsDossiers": _REPORT,
        "ratesReport": _REPORT,
        "ratesReportDossiers": _REPORT,
        "satisfactionReport": _of(*_WATCHERS, relation=Relation.AGENCY),
        "satisfactionReportDossiers": _of(Role.SUPERVISOR, Role.ADMIN, relation=Relation.AGENCY),
        "sealEdition": _of(*_WATCHERS, relation=Relation.AGENCY),
        "listEditions": _LISTED,
        "readEdition": _REPORT,
        "readEditionContent": _REPORT,
        "printEdition": _REPORT,
        "listEditionChanges": _REPORT,
        "recomputeEdition": _of(*_WATCHERS, relation=Relation.AGENCY),
    }
)
