// Tests of the Received field.
#include "proto/trace.h"

#include <catch2/catch.hpp>

#include "proto/mail_data.h"

using namespace mxpress::proto;

namespace {

Trace trace(TransmissionType type) {
  static const Domain here = *Domain::parse("mx.here.example");
  Trace value{.by = here};
  value.type = type;
  value.uid = 1000;
  value.client_name = "Client.example";
  value.client_address = "192.0.2.7";
  return value;
}

}  // namespace

TEST_CASE("trace: a local submission names the uid") {
  CHECK(received_field(trace(TransmissionType::local)) ==
        "Received: by mx.here.example (mxpress, from uid 1000) with local\r\n\tid 0000000000000;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n");
}

TEST_CASE("trace: an SMTP client is named with its address, protocol and TLS") {
  Trace value = trace(TransmissionType::esmtps);
  value.tls = "TLSv1.3/TLS_AES_256_GCM_SHA384";
  const Mailbox recipient = *Mailbox::parse("a@b.example");
  value.recipient = &recipient;
  CHECK(received_field(value) ==
        "Received: from client.example ([192.0.2.7])\r\n\tby mx.here.example (mxpress) with ESMTPS (TLSv1.3/TLS_AES_256_GCM_SHA384)\r\n"
        "\tid 0000000000000\r\n\tfor <a@b.example>;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n");
  value.client_address = "2001:db8::1";
  CHECK(received_field(value).find("from client.example ([IPv6:2001:db8::1])") != std::string::npos);
}

TEST_CASE("trace: nothing that a client says can end the comment, the field or the line") {
  for (const std::string& name : {std::string("x) by evil (y"), std::string("a\r\nBcc: b@c"), std::string("\\"), std::string(2000, 'x'),
                                  std::string("\xFF\x1b[2J"), std::string("a b")}) {
    Trace value = trace(TransmissionType::smtp);
    value.client_name = name;
    value.client_address = "not an address";
    value.tls = ") \r\nX: y";
    const std::string field = received_field(value);
    CAPTURE(field);
    CHECK(field.starts_with("Received: from unknown (helo="));
    CHECK(std::count(field.begin(), field.end(), '(') == 3);
    CHECK(std::count(field.begin(), field.end(), '\n') == 4);
    CHECK(inspect(field).longest_line < 500);
    CHECK_FALSE(inspect(field).eight_bit);
  }
}
