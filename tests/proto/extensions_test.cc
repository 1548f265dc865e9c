// Tests of reading a server's extensions.
#include "proto/extensions.h"

#include <catch2/catch.hpp>

#include "proto/reply.h"

using namespace mxpress::proto;

namespace {

Extensions from(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(text.empty() ? "" : "\n").append(line);
  return parse_extensions({.code = 250, .text = text});
}

}  // namespace

TEST_CASE("extensions: keywords are read in any case, unknown ones are ignored") {
  const Extensions all = from({"mx.example Hello", "PIPELINING", "size 1000", "8bitMIME", "DSN", "StartTLS", "ENHANCEDSTATUSCODES",
                               "SMTPUTF8", "CHUNKING", "BINARYMIME", "X-FANCY 1", "", "AUTH PLAIN"});
  CHECK((all.pipelining && all.size && all.eight_bit_mime && all.dsn && all.starttls && all.enhanced_status_codes));
  CHECK((all.smtputf8 && all.chunking && all.binary_mime));
  CHECK(all.size_limit == 1000);
}

TEST_CASE("extensions: nothing is offered that is not listed") {
  const Extensions none = from({"mx.example", "PIPELININGX", "NODSN"});
  CHECK_FALSE((none.pipelining || none.size || none.eight_bit_mime || none.dsn || none.starttls || none.chunking));
  CHECK_FALSE(from({"PIPELINING"}).pipelining);
  CHECK_FALSE(from({}).size);
}

TEST_CASE("extensions: SIZE without a usable number is offered without limit") {
  for (const char* line : {"SIZE", "SIZE 0", "SIZE x", "SIZE 99999999999999999999999", "SIZE -1"}) {
    CAPTURE(line);
    CHECK(from({"mx", line}).size);
    CHECK_FALSE(from({"mx", line}).size_limit);
  }
}
