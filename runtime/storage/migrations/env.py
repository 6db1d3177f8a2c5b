"""What Alembic runs to bring a database up to date, on the connection that `upgrade` passes in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
