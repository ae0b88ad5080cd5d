#include "tools/real_tool.hpp"

namespace testing_support {
namespace {

/// What `rails db:migrate` does, without an application around it.
constexpr const char* kMigrate = R"(require "active_record"

ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))
ActiveRecord::Migrator.migrations_paths = [File.join(__dir__, "db/migrate")]
ActiveRecord::Tasks::DatabaseTasks.db_dir = File.join(__dir__, "db")
ActiveRecord::Tasks::DatabaseTasks.migrate
)";

std::string Migration(const std::string& name, const std::string& change) {
    return "class " + name + " < ActiveRecord::Migration[6.1]\n  def change\n    " + change + "\n  end\nend\n";
}

RealTool Rails() {
    return {.name = "Rails",
            .files = {{"migrate.rb", kMigrate},
                      {"db/migrate/20261120000000_create_orders.rb", Migration("CreateOrders", "create_table :orders")},
                      {"db/migrate/20261121000000_add_email.rb",
                       Migration("AddEmail", "add_column :orders, :email, :text")}},
            .broken = {{"db/migrate/20261122000000_add_reference.rb",
                        Migration("AddReference", "add_column :no_such_table, :reference, :text")}},
            .command = [](const ToolRun& run) -> std::vector<std::string> {
                return {"ruby", run.folder / "migrate.rb"};
            },
            .environment = [](const ToolRun& run) -> std::map<std::string, std::string> {
                auto environment = PgEnvironment(run);
                environment["DATABASE_URL"] = run.Uri();
                environment["LANG"] = "C.UTF-8";
                return environment;
            },
            .first = "20261120000000",
            .second = "20261121000000_add_email",
            .third = "20261122000000",
            .versions = {"20261121000000"},
            .table = "schema_migrations"};
}

}  // namespace

std::vector<RealTool> RubyTools() {
    return {Rails()};
}

}  // namespace testing_support
