#include "tools/real_tool.hpp"

namespace testing_support {
namespace {

constexpr const char* kAlembicEnvironment = R"(import os

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

# The parts are read by libpq from its own variables.
with create_engine(URL.create("postgresql+psycopg2")).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
)";

std::string AlembicRevision(const std::string& revision, const std::string& down, const std::string& sql) {
    return "from alembic import op\n\nrevision = '" + revision + "'\ndown_revision = " + down +
           "\n\n\ndef upgrade():\n    op.execute('" + sql + "')\n";
}

RealTool Alembic() {
    return {.name = "Alembic",
            .files = {{"alembic.ini", "[alembic]\nscript_location = %(here)s\n"},
                      {"env.py", kAlembicEnvironment},
                      {"versions/1.py", AlembicRevision("975183712204", "None", "CREATE TABLE orders (id int)")},
                      {"versions/2.py",
                       AlembicRevision("0002_email", "'975183712204'", "ALTER TABLE orders ADD COLUMN email text")}},
            .broken = {{"versions/3.py", AlembicRevision("0003_reference", "'0002_email'",
                                                         "ALTER TABLE no_such_table ADD COLUMN reference text")}},
            .command = [](const ToolRun& run) -> std::vector<std::string> {
                return {run.tools / "python/bin/alembic", "-c", run.folder / "alembic.ini", "upgrade", "heads"};
            },
            .environment = &PgEnvironment,
            // Nothing but the record could tell of the hash that came before.
            .first = "0001",
            .second = "0002_email",
            .third = "0003",
            .versions = {"0002_email"},
            .table = "alembic_version"};
}

std::string DjangoMigration(const std::string& after, const std::string& operation) {
    return "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    dependencies = "
           "[" +
           after + "]\n    operations = [" + operation + "]\n";
}

constexpr const char* kDjangoSettings = R"(import os

INSTALLED_APPS = ["django.contrib.contenttypes", "shop"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["PGHOST"],
        "PORT": os.environ["PGPORT"],
        "NAME": os.environ["PGDATABASE"],
        "USER": os.environ["PGUSER"],
        "PASSWORD": os.environ["PGPASSWORD"],
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
)";

RealTool Django() {
    return {.name = "Django",
            .files = {{"settings.py", kDjangoSettings},
                      {"shop/__init__.py", ""},
                      {"shop/migrations/__init__.py", ""},
                      {"shop/migrations/0001_initial.py",
                       DjangoMigration("",
                                       "migrations.CreateModel('Order', [('id', models.BigAutoField("
                                       "primary_key=True))])")},
                      {"shop/migrations/0002_email.py",
                       DjangoMigration("('shop', '0001_initial')",
                                       "migrations.AddField('order', 'email', models.TextField(null=True))")}},
            .broken = {{"shop/migrations/0003_reference.py",
                        DjangoMigration("('shop', '0002_email')",
                                        "migrations.RunSQL('ALTER TABLE no_such_table ADD COLUMN reference text')")}},
            .command = [](const ToolRun& run) -> std::vector<std::string> {
                return {run.tools / "python/bin/python", "-m", "django", "migrate", "--noinput"};
            },
            .environment = [](const ToolRun& run) -> std::map<std::string, std::string> {
                auto environment = PgEnvironment(run);
                environment["DJANGO_SETTINGS_MODULE"] = "settings";
                environment["PYTHONPATH"] = run.folder;
                return environment;
            },
            .first = "shop.0001",
            .second = "shop.0002_email",
            .third = "shop.0003",
            .versions = {"contenttypes.0002_remove_content_type_name", "shop.0002_email"},
            .table = "django_migrations"};
}

}  // namespace

std::vector<RealTool> PythonTools() {
    return {Alembic(), Django()};
}

}  // namespace testing_support
