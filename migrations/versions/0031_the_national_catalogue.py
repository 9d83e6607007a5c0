"""The national catalogue: how it was read, what it said, what it would have us change, and what ours is called there.

On the way down nothing may have been decided: by whose decision a version began would be known no more.

Revision: 0031
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0027"
branch_labels = None
depends_on = None

_TABLES = ("catalogue_mapping", "catalogue_proposal", "catalogue_finding", "catalogue_entry", "catalogue_pull")


def upgrade() -> None:
    op.create_table('catalogue_pull',
    sa.Column('id', sa.Integer(), sa.Identity(), nullable=False),
    sa.Column('begun_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('begun_by', sa.Text(), comment='null: by itself, when it was time'),
    sa.Column('state', sa.Text(), server_default=sa.text("'running'"), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False, comment='what is asked for next'),
    sa.Column('codes', postgresql.ARRAY(sa.Text()), comment='of the procedures that are listed, in order'),
    sa.Column('done', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='how many of them were asked for'),
    sa.Column('listed', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='entries of the lists'),
    sa.Column('proposed', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='proposals that it made'),
    sa.Column('tried_at', sa.TIMESTAMP(timezone=True), comment='when the national side was asked last'),
    sa.Column('error', sa.Text(), comment='why it does not go on; null: it does'),
    sa.Column('ended_at', sa.TIMESTAMP(timezone=True)),
    sa.CheckConstraint("stage IN ('fields', 'agencies', 'procedures', 'details')", name=op.f('ck_catalogue_pull_stage')),
    sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f('ck_catalogue_pull_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_pull')),
    comment='readings of the national catalogue, one at a time'
    )
    op.create_index('uq_catalogue_pull_running', 'catalogue_pull', ['state'], unique=True, postgresql_where=sa.text("state = 'running'"))
    op.create_table('catalogue_entry',
    sa.Column('id', sa.BigInteger(), sa.Identity(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='as published'),
    sa.Column('core', sa.Text(), comment='of a procedure: what is national in its code'),
    sa.Column('publisher', sa.Text(), comment='of a procedure: who published it'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('content', postgresql.JSONB(), comment='as it came; null: it is published no more'),
    sa.Column('digest', postgresql.BYTEA(), comment='of the content'),
    sa.Column('pull_id', sa.Integer(), nullable=False, comment='that saw it so first'),
    sa.Column('seen_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('fields', 'agencies', 'procedures')", name=op.f('ck_catalogue_entry_kind')),
    sa.ForeignKeyConstraint(['pull_id'], ['catalogue_pull.id'], name=op.f('fk_catalogue_entry_pull_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_entry')),
    comment='append-only: what the national catalogue said, version by version; the last of a code holds'
    )
    op.create_index('ix_catalogue_entry_code', 'catalogue_entry', ['kind', 'code', 'id'], unique=False)
    op.create_table('catalogue_finding',
    sa.Column('id', sa.BigInteger(), sa.Identity(), nullable=False),
    sa.Column('pull_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='of the entry, or its place in the list'),
    sa.Column('reason', postgresql.JSONB(), nullable=False, comment='field, code, params'),
    sa.ForeignKeyConstraint(['pull_id'], ['catalogue_pull.id'], name=op.f('fk_catalogue_finding_pull_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_finding')),
    comment='append-only: what was wrong with what is published'
    )
    op.create_index(op.f('ix_catalogue_finding_pull_id'), 'catalogue_finding', ['pull_id'], unique=False)
    op.create_table('catalogue_proposal',
    sa.Column('id', sa.Integer(), sa.Identity(), nullable=False),
    sa.Column('pull_id', sa.Integer(), nullable=False),
    sa.Column('change', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False, comment='as published'),
    sa.Column('ours', sa.Text(), comment='code of the procedure of ours; null: we have none'),
    sa.Column('entry_id', sa.BigInteger(), comment='what is taken over; null: it is gone'),
    sa.Column('differences', postgresql.JSONB(), nullable=False, comment='field, ours, published'),
    sa.Column('digest', postgresql.BYTEA(), nullable=False, comment='what it is known again by'),
    sa.Column('state', sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
    sa.Column('made_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('decided_at', sa.TIMESTAMP(timezone=True)),
    sa.Column('decided_by', sa.Text()),
    sa.Column('decision', sa.Text(), comment='number of the decision that publishes it here'),
    sa.Column('reason', sa.Text()),
    sa.Column('valid_from', sa.Date(), comment='first day of what was made of it'),
    sa.Column('version_id', sa.Integer(), comment='what was made of it'),
    sa.Column('version', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='its ETag'),
    sa.CheckConstraint("change IN ('new', 'changed', 'gone')", name=op.f('ck_catalogue_proposal_change')),
    sa.CheckConstraint("state IN ('waiting', 'approved', 'rejected', 'superseded')", name=op.f('ck_catalogue_proposal_state')),
    sa.ForeignKeyConstraint(['entry_id'], ['catalogue_entry.id'], name=op.f('fk_catalogue_proposal_entry_id')),
    sa.ForeignKeyConstraint(['pull_id'], ['catalogue_pull.id'], name=op.f('fk_catalogue_proposal_pull_id')),
    sa.ForeignKeyConstraint(['version_id'], ['procedure_version.id'], name=op.f('fk_catalogue_proposal_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_proposal')),
    comment='what the national catalogue would have us change; nothing is until somebody approves it'
    )
    op.create_index('ix_catalogue_proposal_code', 'catalogue_proposal', ['code', 'id'], unique=False)
    op.create_index('uq_catalogue_proposal_waiting', 'catalogue_proposal', ['code'], unique=True, postgresql_where=sa.text("state = 'waiting'"))
    op.create_table('catalogue_mapping',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('local_code', sa.Text(), nullable=False, comment="of an agency or a procedure; a field's name"),
    sa.Column('national_code', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('entered_by', sa.Text(), nullable=False),
    sa.Column('entered_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='its ETag'),
    sa.CheckConstraint("kind IN ('fields', 'agencies', 'procedures')", name=op.f('ck_catalogue_mapping_kind')),
    sa.PrimaryKeyConstraint('kind', 'local_code', name=op.f('pk_catalogue_mapping')),
    comment='what ours is called in the national catalogue, as somebody said'
    )



def downgrade() -> None:
    decided = "SELECT EXISTS (SELECT FROM catalogue_proposal WHERE decided_at IS NOT NULL)"
    mapped = "SELECT EXISTS (SELECT FROM catalogue_mapping)"
    if any(op.get_bind().execute(sa.text(query)).scalar() for query in (decided, mapped)):
        raise RuntimeError("what was decided about the national catalogue is kept, and would be known no more")
    for table in _TABLES:
        op.drop_table(table)
