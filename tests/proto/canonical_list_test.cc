// Address lists in the form that mail hosts on the way leave unchanged.
#include "proto/canonical_list.h"

#include <catch2/catch.hpp>
#include <string>

#include "proto/address_list.h"

using namespace mxpress::proto;

namespace {

void check(const std::string& value, const std::string& expected) {
  INFO(value);
  CHECK(canonical_list(value) == expected);
  CHECK(canonical_list(expected) == expected);
  if (value != expected) CHECK_FALSE(is_surely_canonical_list(value));
  CHECK(parse_address_list(value).ok());
  CHECK(*parse_address_list(value) == *parse_address_list(expected));
}

}  // namespace

TEST_CASE("canonical list: one blank behind a comma, none before it") {
  check(" a@x.example,b@x.example", " a@x.example, b@x.example");
  check(" a@x.example ,\tb@x.example,   c@x.example", " a@x.example, b@x.example, c@x.example");
  check(" a@x.example,\r\n b@x.example", " a@x.example,\r\n b@x.example");
  check(" a@x.example,", " a@x.example,");
  check(" a@x.example,,b@x.example", " a@x.example,, b@x.example");
}

TEST_CASE("canonical list: a name that needs quotes has them, and a blank behind it") {
  check(" J. Doe <a@x.example>", " \"J. Doe\" <a@x.example>");
  check(" a@x.example <a@x.example>", " \"a@x.example\" <a@x.example>");
  check(" Joe<a@x.example>", " Joe <a@x.example>");
  check(" J. Doe<a@x.example>,Bob <b@x.example>", " \"J. Doe\" <a@x.example>, Bob <b@x.example>");
  check("J. Doe <a@x.example>", "\"J. Doe\" <a@x.example>");
  check(" friends: J. Doe <a@x.example>,b@x.example;", " friends: \"J. Doe\" <a@x.example>, b@x.example;");
}

TEST_CASE("canonical list: quotes, comments, encoded words, folds and domain literals stay as they are") {
  for (const char* const value : {" \"Doe, J.\" <a@x.example>", " a@x.example (J. Doe, of x)", " =?utf-8?q?J._D?= <a@x.example>",
                                  " J.\r\n Doe <a@x.example>", " J. (the second) Doe <a@x.example>", " a@[IPv6:2001:db8::1]",
                                  " \"a,b\"@x.example", " <@r.example,@s.example:a@x.example>", " undisclosed-recipients:;",
                                  " J\xc3\xb6. <a@x.example>", " \"J\\\"\" K. <a@x.example>", " Joe <a@x.example>, b@x.example", "", " "})
    check(value, value);
}

TEST_CASE("canonical list: what is surely canonical is told without a copy") {
  for (const char* const value : {" a@x.example", " Joe Doe <a@x.example>, b@x.example,\r\n c@x.example", " <a@x.example>", ""})
    CHECK(is_surely_canonical_list(value));
}
