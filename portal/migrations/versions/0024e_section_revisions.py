"""An index that tells the sections of a report without their texts: the outline read every revision for what was taken out.

Revision: 0024e, after 0024d.
"""

from __future__ import annotations

from alembic import op

revision = '0024e'
down_revision = '0024d'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_section_revision_report', 'section_revision', ['report_id', 'section_uid'])
    op.drop_index('ix_section_revision_report_id', table_name='section_revision')


def downgrade() -> None:
    op.create_index('ix_section_revision_report_id', 'section_revision', ['report_id'])
    op.drop_index('ix_section_revision_report', table_name='section_revision')
