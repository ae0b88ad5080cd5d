#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "control_plane/controllers/operator_fixture.hpp"
#include "support/control_plane.hpp"

/// No reference crosses a namespace: there is no field that could name one, and what is hidden in fields that are
/// passed on as they are goes nowhere.
namespace security {
namespace {

using support::DatabaseBuilder;
using support::MigrationBuilder;
using testing::HasSubstr;
using Json = nlohmann::json;

/// Paths of fields below `schema` whose name speaks of a namespace.
void NamesOfNamespaces(const YAML::Node& schema, const std::string& path, std::vector<std::string>& found) {
    for (const auto& property : schema["properties"]) {
        const auto name = property.first.as<std::string>();
        if (name.find("amespace") != std::string::npos) found.push_back(path + "." + name);
        NamesOfNamespaces(property.second, path + "." + name, found);
    }
    if (schema["items"]) NamesOfNamespaces(schema["items"], path + "[]", found);
    if (schema["additionalProperties"] && schema["additionalProperties"].IsMap())
        NamesOfNamespaces(schema["additionalProperties"], path + "{}", found);
}

class References : public test::OperatorFixture {};

TEST_F(References, NoFieldOfOurObjectsNamesANamespace) {
    int schemas = 0;
    for (const auto& file : std::filesystem::directory_iterator(support::SourceFile("crds"))) {
        const auto definition = YAML::LoadFile(file.path());
        EXPECT_EQ(definition["spec"]["scope"].as<std::string>(), "Namespaced") << file.path();
        for (const auto& version : definition["spec"]["versions"]) {
            std::vector<std::string> found;
            NamesOfNamespaces(version["schema"]["openAPIV3Schema"], "", found);
            EXPECT_THAT(found, testing::IsEmpty()) << file.path();
            ++schemas;
        }
    }
    EXPECT_GE(schemas, 3);
    std::vector<std::string> found;
    NamesOfNamespaces(YAML::Load("properties: {a: {items: {properties: {namespace: {type: string}}}}}"), "", found);
    EXPECT_THAT(found, testing::ElementsAre(".a[].namespace")) << "it would be found";
}

TEST_F(References, ADatabaseOfAnotherNamespaceIsNotFound) {
    const support::Namespace other;
    kubectl_.In(other.Name()).MustApply(DatabaseBuilder("orders").Build());
    auto migration = MigrationBuilder("orders").Version("0001").Build();
    migration["spec"]["databaseRef"]["namespace"] = other.Name();
    EXPECT_THAT(kubectl_.Apply(migration).error, HasSubstr("unknown field \"spec.databaseRef.namespace\""));
    EXPECT_TRUE(kubectl_.Apply(migration, {"--validate=false"}).Ok());
    EXPECT_FALSE(Migration()["spec"]["databaseRef"].contains("namespace"));
    EXPECT_TRUE(MigrationSays("DatabaseNotFound"));
    EXPECT_TRUE(List(kube::kJobs).empty());
}

TEST_F(References, ANamespaceInAVolumeDoesNotReachThePod) {
    const support::Namespace other;
    MakeDatabase({});
    kubectl_.MustApply(
        MigrationBuilder("orders")
            .Version("0001")
            .Spec("volumes", {{{"name", "v"}, {"secret", {{"secretName", "orders-db"}, {"namespace", other.Name()}}}}})
            .Build());
    const auto job = Get(kube::kJobs, RunningJob());
    EXPECT_EQ(job["metadata"]["namespace"], Ns());
    EXPECT_EQ(job["spec"]["template"].dump().find(other.Name()), std::string::npos) << job["spec"].dump(1);
}

}  // namespace
}  // namespace security
