// A message before it is encoded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mta/compose/correspondents.h"
#include "mta/compose/source.h"
#include "proto/time.h"

namespace mxpress::mta::compose {

struct ExtraField {
  std::string name;
  std::string value;  // UTF-8
};

// All texts are UTF-8 without control characters; check_field(), check_text_line() and read_correspondents() refuse others.
struct Letter {
  std::vector<Correspondent> from, reply_to, to, cc;  // no Bcc: it belongs to the envelope
  std::string subject;
  std::string in_reply_to;  // "<id@example.org>"; also the References field. Empty: none
  std::string message_id;   // "id@example.org"; empty: mxpressd makes it
  WallTime date{};
  int zone_minutes = 0;
  std::vector<ExtraField> fields;

  std::optional<Source> text, html;
  std::vector<Source> inlines;  // only with `html`, which refers to them by "cid:NAME"
  std::vector<Source> attachments;
};

// "Name: value". Error: not of this form, a control character, no UTF-8, or a field that has an option of its own or is always set.
Result<ExtraField> read_field(const std::string& text);
// Error: a control character, no UTF-8, or more than 500 blanks in a row. `what` is for the message: "the subject".
Status check_text_line(const std::string& what, const std::string& text);
// "<id@example.org>" from that, with or without brackets.
Result<std::string> read_message_id(const std::string& text);

}  // namespace mxpress::mta::compose
