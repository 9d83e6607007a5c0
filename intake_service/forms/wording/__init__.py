"""What stands on each form: the circulars' words, filled in, a module for each form. Pure; how it looks is the presses'
business (pdf.py, word.py), which both print one `Paper`, so that the two files of a form say the same.

Fields: Circular 01/2018/TT-VPCP and the templates in use. What is not kept here (the volume of a paper book, a number
of sets) is left as a dotted line to be filled in by hand.
"""

from collections.abc import Sequence

from intake_service.forms.rules import Entry, FormKind, HandOver, Sheet
from intake_service.forms.wording.apology import apology
from intake_service.forms.wording.control_slip import control_slip
from intake_service.forms.wording.receipt import receipt
from intake_service.forms.wording.refusal import refusal
from intake_service.forms.wording.shapes import Paper, Subject
from intake_service.forms.wording.stop import stop
from intake_service.forms.wording.supplement import supplement


def paper(sheet: Sheet, subject: Subject, history: Sequence[Entry], hand_overs: Sequence[HandOver]) -> Paper:
    """A form of a dossier. Only what had happened when its edition was made is on it."""
    so_far = history[: sheet.edition.upto + 1]
    match sheet.edition.kind:
        case FormKind.RECEIPT:
            return receipt(sheet, subject, so_far)
        case FormKind.SUPPLEMENT:
            return supplement(sheet, subject, so_far[-1])
        case FormKind.REFUSAL:
            return refusal(sheet, subject, so_far[-1])
        case FormKind.APOLOGY:
            return apology(sheet, subject, so_far)
        case FormKind.STOP:
            return stop(sheet, subject, so_far[-1])
        case _:
            return control_slip(sheet, subject, so_far, hand_overs)
