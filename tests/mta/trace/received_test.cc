// Received fields of many programs.
#include "mta/trace/received.h"

#include <catch2/catch.hpp>

#include "mta/trace/tls_words.h"
#include "proto/header.h"
#include "tests/support/received_forms.h"

namespace mxpress::testing {

using namespace mta::trace;

TEST_CASE("received: the parts of the fields of all programs") {
  for (const ReceivedForm& form : received_forms()) {
    INFO(form.program);
    const std::string header = crlf(form.honest);
    const Received received = parse_received(proto::find_field(header, "Received")->value);
    const ReceivedParts& parts = form.parts;
    CHECK(received.helo == parts.helo);
    CHECK(received.client_name == parts.client_name);
    CHECK((received.client ? received.client->to_string() : "") == parts.client);
    CHECK(received.by == parts.by);
    CHECK(received.protocol == parts.protocol);
    CHECK(received.tls == parts.tls);
    CHECK(received.id == parts.id);
    CHECK(received.recipient == parts.recipient);
    CHECK(received.date.oddity.empty());
    REQUIRE(received.date.time);
    CHECK(proto::rfc5322_date(*received.date.time) == parts.time);
  }
}

TEST_CASE("received: a client's name cannot pass for other parts of the field") {
  Received received =
      parse_received("from by (unknown [203.0.113.66]) by mx.here.example (Postfix) with SMTP id 1; 1 Dec 2026 10:00:05 +0000");
  CHECK(received.helo == "by");
  CHECK(received.by == "mx.here.example");
  received =
      parse_received("from [192.0.2.1] (helo=[198.51.100.7]) by mx.here.example with esmtp (Exim 4.96) id 1; 1 Dec 2026 10:00:05 +0000");
  CHECK(received.client->to_string() == "192.0.2.1");
  CHECK(received.helo == "[198.51.100.7]");
  received = parse_received("from a;b (host.there.example [203.0.113.66]) by mx.here.example with SMTP id 1; 1 Dec 2026 10:00:05 +0000");
  CHECK(received.by == "mx.here.example");
  CHECK(received.date.time);
  received = parse_received(
      "from x (host.there.example [203.0.113.66]) by mx.here.example with SMTP by evil.example id 1; 1 Dec 2026 10:00:05 +0000");
  CHECK(received.by == "mx.here.example");
}

TEST_CASE("received: a name of the address that does not lead back to it is none") {
  const Received received = parse_received(
      "from a.there.example (b.there.example [203.0.113.66] (may be forged)) by mx (8.17.1/8.17.1) with SMTP id 1; 1 Dec 2026 10:00:05 "
      "GMT");
  CHECK(received.client_name.empty());
  CHECK(received.has_no_name);
  CHECK(received.client->to_string() == "203.0.113.66");
}

TEST_CASE("received: who signed in") {
  const std::string rest = " id 1; 1 Dec 2026 10:00:05 +0000";
  CHECK(parse_received("from x ([192.0.2.1]) by mx with ESMTPSA" + rest).is_authenticated);
  CHECK(parse_received("from x ([192.0.2.1]) by mx with esmtpa (Exim 4.96)" + rest).is_authenticated);
  CHECK(parse_received("from x (unknown [192.0.2.1]) (Authenticated sender: alice) by mx (Postfix) with ESMTPS" + rest).is_authenticated);
  CHECK_FALSE(parse_received("from x ([192.0.2.1]) by mx with ESMTPS" + rest).is_authenticated);
}

TEST_CASE("received: nonsense has no parts and does no harm") {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "(;";
  const std::string texts[] = {"",       ";",      "from",  "by",  "from by with id for",   "((((", "\\",
                               "from (", "from [", "for <", "; ;", "from x by y; \xff\xfe", deep};
  for (const std::string& text : texts) {
    const Received received = parse_received(text);
    CHECK_FALSE(received.date.time);
    CHECK_FALSE(received.client);
  }
}

TEST_CASE("received: what hosts note about TLS") {
  CHECK(tls_words("using TLSv1.2 with cipher ECDHE-RSA-AES128-GCM-SHA256 (128/128 bits)").cipher == "ECDHE-RSA-AES128-GCM-SHA256");
  CHECK(tls_words("TLS1.2:ECDHE_RSA_AES_256_GCM_SHA384:256").version == "TLSv1.2");
  CHECK(tls_words("version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256").version == "TLSv1.3");
  CHECK(tls_words("TLS").version == "TLS");
  CHECK_FALSE(is_about_tls("Postfix"));
  CHECK_FALSE(is_about_tls("Exim 4.96"));
  CHECK_FALSE(is_about_tls("mail.tls.example [192.0.2.1]"));
}

}  // namespace mxpress::testing
