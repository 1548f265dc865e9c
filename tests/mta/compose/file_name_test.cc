// Names of attachments.
#include "mta/compose/file_name.h"

#include <catch2/catch.hpp>

using mxpress::mta::compose::is_plain_name;
using mxpress::mta::compose::name_for_reader;

TEST_CASE("file name: only the base name goes out") {
  CHECK(name_for_reader("/etc/passwd") == "passwd");
  CHECK(name_for_reader("../../x") == "x");
  CHECK(name_for_reader("C:\\temp\\x.exe") == "C:_temp_x.exe");
}

TEST_CASE("file name: names in any script stay as they are") {
  for (const char* const name :
       {"Отчёт за год.pdf", "报告.txt", "👩‍👩‍👧 family.jpg", "می‌خواهم.txt", "a;b\"c'd.txt", ".profile"})
    CHECK(name_for_reader(std::string("/tmp/") + name) == name);
}

TEST_CASE("file name: line ends and other control characters become underlines") {
  CHECK(name_for_reader("a\r\nBcc: x@y\x1b[31m.txt") == "a__Bcc: x@y_[31m.txt");
  CHECK(name_for_reader("a\u0085b") == "a_b");
  CHECK(name_for_reader(std::string("a\0b", 3)) == "a_b");
}

TEST_CASE("file name: characters that turn the direction of the text around them are removed") {
  CHECK(name_for_reader("invoice\u202Efdp.exe") == "invoicefdp.exe");
  CHECK(name_for_reader("\u2066a\u2069\u200Fb\u200E\u061C\u2028c\u2029\uFEFF") == "abc");
}

TEST_CASE("file name: octets that are no UTF-8 become underlines") {
  CHECK(name_for_reader("M\xFCller.txt") == "M_ller.txt");
  CHECK(name_for_reader("\xE2\x82") == "__");
}

TEST_CASE("file name: there is always one, and it is not too long, or cut inside a character") {
  for (const char* const path : {"", "/", "a/", ".", "..", "\u202E", "  "}) CHECK(name_for_reader(path) == "attachment");
  std::string name;
  for (int i = 0; i < 100; ++i) name += "😀";
  CHECK(name_for_reader("x" + name).size() == 1 + 63 * 4);
}

TEST_CASE("file name: HTML can refer to names of ASCII letters, digits, dots, hyphens and underlines") {
  CHECK(is_plain_name("logo-2_x.png"));
  for (const char* const name : {"a b", "é.png", "a\"b", "a>b", "50%.png"}) CHECK_FALSE(is_plain_name(name));
}
