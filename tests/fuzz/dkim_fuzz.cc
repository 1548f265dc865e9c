// Fuzzes DKIM: key records, keys, and the fields and bodies of messages in pieces.
#include <algorithm>

#include "mta/dkim/body_hash.h"
#include "mta/dkim/key_record.h"
#include "mta/dkim/key_ring.h"
#include "mta/dkim/signature.h"
#include "proto/header.h"
#include "tests/fuzz/expect.h"

using namespace mxpress;
using namespace mxpress::mta::dkim;

namespace {

void read_record(std::string_view text) {
  const auto record = parse_key_record(text);
  if (!record) return;
  const auto again = parse_key_record(record_text(record->key));
  expect(again && again->key == record->key);
}

void read_key(std::string_view text) {
  if (const auto key = Key::parse(text); key.ok()) expect(Key::parse(key->pem())->public_key() == key->public_key());
}

Digest hash_in_pieces(BodyForm form, std::string_view body, std::size_t piece) {
  BodyHash hash(form);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) hash.feed(body.substr(0, piece));
  return hash.finish().octets;
}

// Each line of a value except the last is short, and a field has one header line for a verifier.
void write_signature(std::string_view header) {
  const SignedFields fields(header);
  const std::string field = field_without_value({KeyKind::rsa, "example.org", "s", fields.names(), {}});
  const std::string whole = field_with_value(field, std::string(256, 'x'));
  expect(proto::split_message(whole).header == whole);
  proto::HeaderReader reader(whole);
  expect(reader.next()->text == whole);
  for (std::string_view rest = whole; !rest.empty(); rest.remove_prefix(rest.find("\r\n") + 2)) expect(rest.find("\r\n") <= 77);
  expect(std::count(field.begin(), field.end(), ';') == 7);
  (void)digest_to_sign(fields, field);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const std::size_t piece = take_number(text);
  read_record(text);
  read_key(text);
  (void)parse_selector(text);
  const proto::MessageParts parts = proto::split_message(text);
  for (const BodyForm form : {BodyForm::relaxed, BodyForm::simple})
    expect(hash_in_pieces(form, parts.body, piece) == hash_in_pieces(form, parts.body, SIZE_MAX));
  write_signature(parts.header);
  (void)author_domain(parts.header);
  return 0;
}
