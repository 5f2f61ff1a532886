"""The tables, one file per group. Importing this package makes all of them known to `content.database.db.Base`."""

from content.models.account import (
    Account,
    AccountRequest,
    AccountSession,
    Attempt,
    Challenge,
    Grant,
    Identity,
    Passkey,
    Ticket,
)
from content.models.alert import Alert, AlertNotice, AlertRequest, Subscriber
from content.models.body import Body, ChairTerm, Member
from content.models.catalogue import Commune, ItProvider, LeikaService, OzgService
from content.models.decision import Clause, Decision
from content.models.edition import (
    Checkpoint,
    Edition,
    EditionFacet,
    EditionFile,
    EditionReference,
    LedgerDocument,
    LedgerEntry,
    LedgerHead,
    OldAddress,
    Tally,
)
from content.models.embargo import Embargo, EmbargoAccess, EmbargoLink, EmbargoSecret
from content.models.form_draft import FormDraft, FormDraftFile
from content.models.history import AuditEntry, FrozenText, Revision, StepEntry, StepRequest
from content.models.implementation import Implementation
from content.models.item import Attachment, File, Image, Item, Reference, Rendition
from content.models.job import Job
from content.models.koenigstein import KoenigsteinKey
from content.models.market import MarketItem, MarketOffer, Offer
from content.models.meeting import AgendaItem, Meeting
from content.models.mention import Mention
from content.models.notice import Notice, NoticeChoice
from content.models.number import GivenNumber, NumberNote
from content.models.organisation import Organisation, Page, Term
from content.models.portal import PortalIdentity
from content.models.press import Contact, ContactPick, PressContact, PressRelease, PressSection, Quote
from content.models.report import (
    Recommendation,
    Report,
    ReportSection,
    SectionDraft,
    SectionPresence,
    SectionRevision,
)
from content.models.reuse import Reuse, ReuseStep, Task
from content.models.review import ReviewAccess, ReviewLink, ReviewRemark, ReviewRequest, ReviewThread, Suggestion
from content.models.search import FileText, SearchPick, SearchWord
from content.models.vote import Ballot, Statement, Vote

__all__ = [
    "Account",
    "AccountRequest",
    "AccountSession",
    "AgendaItem",
    "Alert",
    "AlertNotice",
    "AlertRequest",
    "Attachment",
    "Attempt",
    "AuditEntry",
    "Ballot",
    "Body",
    "ChairTerm",
    "Challenge",
    "Checkpoint",
    "Clause",
    "Commune",
    "Contact",
    "ContactPick",
    "Decision",
    "Edition",
    "EditionFacet",
    "EditionFile",
    "EditionReference",
    "Embargo",
    "EmbargoAccess",
    "EmbargoLink",
    "EmbargoSecret",
    "File",
    "FileText",
    "FormDraft",
    "FormDraftFile",
    "FrozenText",
    "GivenNumber",
    "Grant",
    "Identity",
    "Image",
    "Implementation",
    "ItProvider",
    "Item",
    "Job",
    "KoenigsteinKey",
    "LedgerDocument",
    "LedgerEntry",
    "LedgerHead",
    "LeikaService",
    "MarketItem",
    "MarketOffer",
    "Meeting",
    "Member",
    "Mention",
    "Notice",
    "NoticeChoice",
    "NumberNote",
    "Offer",
    "OldAddress",
    "Organisation",
    "OzgService",
    "Page",
    "Passkey",
    "PortalIdentity",
    "PressContact",
    "PressRelease",
    "PressSection",
    "Quote",
    "Recommendation",
    "Reference",
    "Rendition",
    "Report",
    "ReportSection",
    "Reuse",
    "ReuseStep",
    "ReviewAccess",
    "ReviewLink",
    "ReviewRemark",
    "ReviewRequest",
    "ReviewThread",
    "Revision",
    "SearchPick",
    "SearchWord",
    "SectionDraft",
    "SectionPresence",
    "SectionRevision",
    "Statement",
    "StepEntry",
    "StepRequest",
    "Subscriber",
    "Suggestion",
    "Tally",
    "Task",
    "Term",
    "Ticket",
    "Vote",
]
