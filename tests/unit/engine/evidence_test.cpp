#include "engine/evidence.hpp"

#include <gtest/gtest.h>

namespace engine {
namespace {

constexpr std::size_t kEnough = 4096;

TEST(Evidence, ReplacesWhatLooksLikeACredential) {
    struct Case {
        const char* output;
        const char* kept;
    };
    const Case cases[] = {
        {"nothing to hide\n", "nothing to hide"},
        {"postgresql://app:hunter2@db:5432/orders", "postgresql://app:[redacted]@db:5432/orders"},
        {"postgres://app:p@ss/w:rd@db/orders?x=1", "postgres://app:[redacted]@db/orders?x=1"},
        {"postgres://:onlypassword@db", "postgres://:[redacted]@db"},
        {"url=postgres://a:b@h1/x and postgres://c:d@h2/y",
         "url=postgres://a:[redacted]@h1/x and "
         "postgres://c:[redacted]@h2/y"},
        {"see https://docs.example.com/errors", "see https://docs.example.com/errors"},
        {"connect host=db password=hunter2 user=app", "connect host=db password=[redacted] user=app"},
        {"PGPASSWORD=hunter2", "PGPASSWORD=[redacted]"},
        {"DB_PASSWD = hunter2", "DB_PASSWD = [redacted]"},
        {"Password: hunter2", "Password: [redacted]"},
        {"pwd='it is long' next", "pwd=[redacted] next"},
        {"password=hunter,2;3&4 next", "password=[redacted] next"},
        {"password=\"cut at the end of the li", "password=[redacted]"},
        {R"({"user": "app", "password": "hunter2", "port": 5432})",
         R"({"user": "app", "password": [redacted], "port": 5432})"},
        {R"({"password": "with \" quote", "port": 5432})", R"({"password": [redacted], "port": 5432})"},
        {"{'client_secret': 'a b', 'x': 1}", "{'client_secret': [redacted], 'x': 1}"},
        {"token: Bearer abc.def.ghi next", "token: Bearer [redacted] next"},
        {"CREATE ROLE app WITH PASSWORD 'hunter2' LOGIN", "CREATE ROLE app WITH PASSWORD [redacted] LOGIN"},
        {"fe_sendauth: no password supplied", "fe_sendauth: no password supplied"},
        {"password authentication failed for user \"app\"", "password authentication failed for user \"app\""},
    };
    for (const auto& [output, kept] : cases)
        EXPECT_EQ(RedactedTail(output, kEnough), kept);
}

TEST(Evidence, KeepsTheLastWholeLinesThatFit) {
    EXPECT_EQ(RedactedTail("first line\nsecond\nthird\n", 12), "second\nthird");
    EXPECT_EQ(RedactedTail("first line\nsecond\nthird\n", 13), "second\nthird");
    EXPECT_EQ(RedactedTail("first line\nsecond\nthird\n", 11), "third");
    EXPECT_EQ(RedactedTail("one long line", 4), "line");
    EXPECT_EQ(RedactedTail("\n\n", 10), "");
    EXPECT_EQ(RedactedTail("", 10), "");
}

TEST(Evidence, CutsBetweenCharactersNotInsideThem) {
    EXPECT_EQ(RedactedTail("ab\xC3\xA4\xC3\xB6", 3), "\xC3\xB6");
    EXPECT_EQ(RedactedTail("\xE2\x82\xAC\xE2\x82\xAC", 5), "\xE2\x82\xAC");
}

TEST(Evidence, RedactsBeforeItCuts) {
    const std::string tail = RedactedTail("postgres://app:" + std::string(100, 'x') + "@db failed", 40);
    EXPECT_EQ(tail.find("xxx"), std::string::npos) << tail;
}

TEST(Evidence, LongOutputsNeitherCrashNorExceedTheLimit) {
    for (const std::string& piece : {std::string("x"), std::string("\\\""), std::string("password=\""),
                                     std::string("://a:b"), std::string("secret: '\\'")}) {
        std::string output;
        while (output.size() < 100'000)
            output += piece;
        EXPECT_LE(RedactedTail(output, 1024).size(), 1024U);
    }
}

}  // namespace
}  // namespace engine
