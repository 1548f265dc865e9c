// Fuzzes the header fields that mxpress writes: for any text of a client, a user's full name or a message, each field is one field, in
// lines within the limits, and parses to the original value.
#include <algorithm>

#include "proto/clean_header.h"
#include "proto/mail_data.h"
#include "proto/printable.h"
#include "proto/trace.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

// Lines of 7-bit text that end in CRLF only, none over the limit.
void expect_fit_to_travel(const std::string& text) {
  std::string normal;
  LineEndNormaliser normaliser;
  normaliser.feed(text, normal);
  normaliser.finish(normal);
  expect(normal == text && normaliser.flaw() == Flaw::none);
  expect(!normaliser.facts().eight_bit && !normaliser.facts().needs_reencoding());
}

std::size_t count_of_fields(std::string_view header) {
  std::size_t count = 0;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    expect(!field->name.empty());
    ++count;
  }
  return count;
}

void check_received(std::string_view name, std::string_view address, std::string_view tls) {
  const Domain here = *Domain::parse("here.example");
  for (const TransmissionType type : {TransmissionType::smtp, TransmissionType::esmtp, TransmissionType::esmtps}) {
    const Trace trace{.type = type, .client_name = name, .client_address = address, .tls = tls, .by = here};
    const std::string field = received_field(trace);
    expect_fit_to_travel(field);
    expect(count_of_fields(field) == 1 && count_fields(field, "Received") == 1);
  }
}

void check_author(std::string_view name) {
  const std::string author = format_author(name, "a@b.example");
  const std::string field = "From: " + author + "\r\n";
  expect_fit_to_travel(field);
  expect(count_of_fields(field) == 1);
  const auto addresses = parse_address_list(author);
  expect(addresses && addresses->size() == 1 && addresses->front() == "a@b.example");
}

void check_added_fields(std::string_view content, std::string_view said) {
  const HeaderDefaults defaults{{}, 0, "a@b.example", std::string(said), std::string(said)};
  const std::string_view header = split_message(content).header;
  std::string cleaned;
  const HeaderFacts facts = clean_header(header, nullptr, cleaned);
  const std::string added = missing_fields(facts, defaults);
  if (!added.empty()) expect_fit_to_travel(added);
  const std::string whole = added + cleaned;
  expect(split_message(whole).header == whole);
  for (const char* name : {"Date", "From", "Message-ID"})
    expect(count_fields(whole, name) == std::max<std::size_t>(1, count_fields(header, name)));
}

void check_removal(std::string_view content) {
  const std::string_view header = split_message(content).header;
  std::string once, twice;
  clean_header(header, nullptr, once);
  clean_header(once, nullptr, twice);
  expect(once == twice && once.size() <= header.size());
  for (const char* name : {"Return-Path", "Bcc", "Resent-Bcc"}) expect(count_fields(once, name) == 0);
  const std::string shown = printable(content, 100);
  expect(shown.size() <= 100 && is_plain(shown));
}

// The end of a header, and the lines removed by a filter, do not depend on the pieces.
void check_pieces(std::string_view text, std::size_t cut) {
  HeaderScanner at_once(MboxLines::are_dropped), in_pieces(MboxLines::are_dropped);
  const bool is_found = at_once.find_end(text, Extent::may_grow);
  (void)in_pieces.find_end(text.substr(0, cut), Extent::may_grow);
  expect(in_pieces.find_end(text, Extent::may_grow) == is_found && in_pieces.begin() == at_once.begin() &&
         in_pieces.end() == at_once.end());
  BlindCopyFilter filter, in_two;
  std::string whole, pieces;
  filter.feed(text, whole);
  filter.finish(whole);
  in_two.feed(text.substr(0, cut), pieces);
  in_two.feed(text.substr(cut), pieces);
  in_two.finish(pieces);
  expect(whole == pieces && whole.size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const std::size_t cut = std::min(take_number(text), text.size());
  check_received(text.substr(0, cut), text.substr(cut), text);
  check_received(text, text.substr(0, cut), text.substr(cut));
  check_author(text);
  check_added_fields(text.substr(cut), text.substr(0, cut));
  check_removal(text);
  check_pieces(text, cut);
  return 0;
}
