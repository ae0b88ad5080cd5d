#include "database/connection_string.hpp"

#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "database/db_error.hpp"

namespace database {
namespace {

Credentials Uri(const std::string& uri) {
    Credentials credentials;
    credentials.uri = Secret{uri};
    return credentials;
}

std::string Text(const Credentials& credentials, const std::map<std::string, std::string>& settings = {}) {
    return MakeConnectionString(credentials, settings).text.Reveal();
}

TEST(ConnectionString, QuotesEveryCharacterOfAPassword) {
    Credentials credentials;
    credentials.host = "db";
    credentials.port = "5433";
    credentials.database_name = "orders";
    credentials.user = "app";
    credentials.password = Secret{"a'b\\c d@/:%?#"};
    EXPECT_EQ(Text(credentials), "dbname='orders' host='db' password='a\\'b\\\\c d@/:%?#' port='5433' user='app' ");
}

TEST(ConnectionString, DecodesAUri) {
    EXPECT_EQ(Text(Uri("postgresql://app:p%40ss%2Fword@db.shop:5433/orders?sslmode=require")),
              "dbname='orders' host='db.shop' password='p@ss/word' port='5433' sslmode='require' user='app' ");
}

TEST(ConnectionString, ReadsTheFormOfSqlAlchemy) {
    EXPECT_EQ(Text(Uri("postgresql+psycopg2://app:x+y@db/orders")),
              "dbname='orders' host='db' password='x+y' user='app' ");
}

TEST(ConnectionString, LetsOurSettingsWin) {
    EXPECT_EQ(Text(Uri("postgres://db/orders?application_name=mine"), {{"application_name", "tidegate/1"}}),
              "application_name='tidegate/1' dbname='orders' host='db' ");
}

TEST(ConnectionString, AUriMayAskForMoreTlsAndNotForLess) {
    const auto with = [](const std::string& uri, const std::string& mode) {
        auto credentials = Uri(uri);
        credentials.ssl_mode = mode;
        return Text(credentials);
    };
    EXPECT_EQ(with("postgres://db", "require"), "host='db' sslmode='require' ");
    EXPECT_EQ(with("postgres://db?sslmode=verify-ca", "require"), "host='db' sslmode='verify-ca' ");
    EXPECT_EQ(with("postgres://db?sslmode=require", "require"), "host='db' sslmode='require' ");
    EXPECT_EQ(with("postgres://db?sslmode=allow", ""), "host='db' sslmode='allow' ");
    for (const char* less : {"disable", "allow", "prefer", "require", "verify-ca"})
        EXPECT_THROW(with(std::string{"postgres://db?sslmode="} + less, "verify-full"), DbError) << less;
}

TEST(ConnectionString, TrustsTheCaOfTheDatabaseAlone) {
    auto credentials = Uri("postgres://db?sslmode=verify-full&sslrootcert=/etc/ca.crt");
    credentials.ssl_root_certificate = "/run/ca.crt";
    EXPECT_EQ(Text(credentials), "host='db' sslmode='verify-full' sslrootcert='/run/ca.crt' ");
}

TEST(ConnectionString, ShowsATargetWithoutThePassword) {
    EXPECT_EQ(MakeConnectionString(Uri("postgres://app:geheim@db:5433/orders"), {}).target,
              "\"orders\" at db:5433 as \"app\"");
}

TEST(ConnectionString, RefusesWhatLibpqWouldMisreadWithoutShowingIt) {
    for (const char* uri : {
             "postgres://app:p@geheim@db/orders",   // "@" not encoded
             "postgres://app:p/geheim@db/orders",   // "/" not encoded: host would be "app"
             "postgres://app:12/geheim@db/orders",  // the port would be 12
             "postgres://geheim:geheim@db:geheim/orders",
             "postgres://app:ge%zzheim@db/orders",
             "postgres://app:geheim@db/orders?geheim=1",
             "jdbc:postgresql://db/orders?password=geheim",
             "mysql://app:geheim@db/orders",
             "geheim",
         }) {
        try {
            MakeConnectionString(Uri(uri), {});
            ADD_FAILURE() << uri;
        } catch (const DbError& e) {
            EXPECT_EQ(e.Kind(), DbErrorKind::BadConfiguration) << uri;
            EXPECT_EQ(std::string{e.what()}.find("geheim"), std::string::npos) << e.what();
        }
    }
}

TEST(ConnectionString, RefusesWhenNothingIsSet) {
    EXPECT_THROW(MakeConnectionString(Credentials{}, {}), DbError);
}

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
    out << value;
};
static_assert(!Streamable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);

TEST(Secret, IsTakenOutOfAnyText) {
    const Secret secret{"geheim"};
    EXPECT_EQ(secret.RedactedFrom("geheim, ungeheim geheim"), "***, un*** ***");
    EXPECT_EQ(secret.RedactedFrom("nothing"), "nothing");
    EXPECT_EQ(Secret{}.RedactedFrom("nothing"), "nothing");
}

TEST(Secret, LeavesNothingBehindWhenMoved) {
    Secret from{"geheim"};
    const Secret to{std::move(from)};
    EXPECT_EQ(to.Reveal(), "geheim");
    EXPECT_TRUE(from.IsEmpty());  // NOLINT(bugprone-use-after-move)
}

TEST(DbError, KnowsWhatAnSqlStateMeans) {
    EXPECT_EQ(KindOfSqlState("28P01"), DbErrorKind::AuthenticationFailed);
    EXPECT_EQ(KindOfSqlState("28000"), DbErrorKind::AuthenticationFailed);
    EXPECT_EQ(KindOfSqlState("3D000"), DbErrorKind::DatabaseDoesNotExist);
    EXPECT_EQ(KindOfSqlState("55P03"), DbErrorKind::Busy);
    EXPECT_EQ(KindOfSqlState("57014"), DbErrorKind::Busy);
    EXPECT_EQ(KindOfSqlState("57P01"), DbErrorKind::Unreachable);
    EXPECT_EQ(KindOfSqlState("57P03"), DbErrorKind::Unreachable);
    EXPECT_EQ(KindOfSqlState("53300"), DbErrorKind::Unreachable);
    EXPECT_EQ(KindOfSqlState("42501"), DbErrorKind::InsufficientPrivilege);
    EXPECT_EQ(KindOfSqlState("42P01"), DbErrorKind::QueryFailed);
    EXPECT_EQ(KindOfSqlState(""), DbErrorKind::QueryFailed);
}

TEST(DbError, MakesOneLineOfTheServersText) {
    EXPECT_EQ(OneLine("ERROR:  permission denied for table t\nLINE 1: SELECT secret\n"),
              "permission denied for table t");
    EXPECT_EQ(OneLine("a\n\tb  c\n"), "a b c");
    EXPECT_LE(OneLine(std::string(5000, 'x')).size(), 300U);
    EXPECT_EQ(OneLine(""), "");
}

}  // namespace
}  // namespace database
