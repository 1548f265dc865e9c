// Prints and reads key records.
#include "mta/dkim/key_record.h"

#include <algorithm>
#include <optional>

#include "proto/ascii.h"
#include "proto/encoding.h"

namespace mxpress::mta::dkim {
namespace {

constexpr std::size_t kMostInString = 255;  // RFC 1035 3.3
constexpr std::size_t kEd25519Octets = 32;  // RFC 8463 4.2
constexpr std::size_t kMostSelector = 200;  // octets: with the domain, a name in the DNS

Error refused(std::string message) { return Error::permanent(std::move(message)); }

struct Tag {
  std::string_view name;
  std::string_view value;
};

// Removes the first tag from the text; blanks are allowed only after a ';'.
Result<Tag> take_tag(std::string_view& text) {
  const auto end = text.find(';');
  const std::string_view tag = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto equals = tag.find('=');
  if (equals == std::string_view::npos || equals == 0) return refused("the record has a part without name and value");
  if (tag.find_first_of(" \t\r\n") != std::string_view::npos)
    return refused("the record has a blank inside the tag " + std::string(tag.substr(0, equals)) + "=, which some verifiers refuse");
  return Tag{tag.substr(0, equals), tag.substr(equals + 1)};
}

// The possible contents of a record; each tag once.
struct Tags {
  std::optional<std::string_view> version, hashes, kind, key, flags;
};

Status take_into(std::optional<std::string_view>& place, const Tag& tag) {
  if (place) return refused("the record has the tag " + std::string(tag.name) + "= twice");
  place = tag.value;
  return {};
}

Status keep(Tags& tags, const Tag& tag) {
  if (!tags.version && tag.name != "v") return refused("the record does not begin with v=DKIM1");
  if (tag.name == "v") return take_into(tags.version, tag);
  if (tag.name == "h") return take_into(tags.hashes, tag);
  if (tag.name == "k") return take_into(tags.kind, tag);
  if (tag.name == "p") return take_into(tags.key, tag);
  if (tag.name == "t") return take_into(tags.flags, tag);
  if (tag.name == "s") return refused("the record has the tag s=, because of which some verifiers refuse it; leave it out");
  return refused("the record has a tag that mxpress does not print, and not every verifier reads; leave it out");
}

Result<Tags> split(std::string_view text) {
  Tags tags;
  while (!text.empty()) {
    const Result<Tag> tag = take_tag(text);
    if (!tag.ok()) return tag.error();
    if (const Status kept = keep(tags, *tag); !kept) return kept.error();
  }
  if (tags.version != "DKIM1") return refused("the record does not begin with v=DKIM1");
  if (tags.hashes && *tags.hashes != "sha256") return refused("the record allows other hashes than sha256 (h=)");
  if (!tags.key) return refused("the record has no key (p=)");
  if (tags.key->empty()) return refused("the key is revoked: the record has an empty p=");
  return tags;
}

Result<PublicKey> key_of(const Tags& tags) {
  const auto octets = proto::decoded_base64(*tags.key);
  if (!octets || proto::base64(*octets) != *tags.key) return refused("the key (p=) is no base64");
  const std::string_view kind = tags.kind.value_or("rsa");
  if (kind == "rsa") return rsa_public_key(*octets);
  if (kind != "ed25519") return refused("the record is for keys of an unknown kind (k=)");
  if (octets->size() != kEd25519Octets) return refused("the Ed25519 key (p=) does not have 32 octets, which is its only form");
  return PublicKey{KeyKind::ed25519, *octets, 256};
}

Status read_flags(std::string_view flags, KeyRecord& record) {
  while (!flags.empty()) {
    const auto end = flags.find(':');
    const std::string_view flag = flags.substr(0, end);
    flags = end == std::string_view::npos ? std::string_view() : flags.substr(end + 1);
    if (flag != "y" && flag != "s") return refused("the record has an unknown flag (t=)");
    (flag == "y" ? record.is_testing : record.has_same_domain) = true;
  }
  return {};
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return proto::is_digit(c) || proto::is_alpha(c) || c == '-'; };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), fits);
}

}  // namespace

std::string record_text(const PublicKey& key) {
  return "v=DKIM1; k=" + std::string(name_of(key.kind)) + "; p=" + proto::base64(key.octets);
}

Result<KeyRecord> parse_key_record(std::string_view text) {
  if (text.size() > kMostRecordOctets) return refused("the record has more than 1,000 octets, which some verifiers cut");
  const Result<Tags> tags = split(text);
  if (!tags.ok()) return tags.error();
  Result<PublicKey> key = key_of(*tags);
  if (!key.ok()) return key.error();
  KeyRecord record{std::move(*key)};
  if (const Status flags = read_flags(tags->flags.value_or(""), record); !flags) return flags.error();
  return record;
}

Status matches(std::string_view record, const Key& key) {
  const Result<KeyRecord> parsed = parse_key_record(record);
  const std::string advice = "; publish: " + record_text(key.public_key());
  if (!parsed.ok()) return refused(parsed.error().message + advice);
  if (parsed->key.kind != key.kind()) return refused("the record is for a key of another kind" + advice);
  if (parsed->key != key.public_key()) return refused("the record has another key than the one that signs" + advice);
  return {};
}

std::string record_name(std::string_view selector, const proto::Domain& domain) {
  return std::string(selector) + "._domainkey." + domain.text();
}

std::string zone_strings(std::string_view text) {
  std::string strings;
  do {
    strings.append(strings.empty() ? "\"" : " \"").append(text.substr(0, kMostInString)).append("\"");
    text.remove_prefix(std::min(kMostInString, text.size()));
  } while (!text.empty());
  return strings;
}

Result<std::string> parse_selector(std::string_view text) {
  const bool is_ascii = std::none_of(text.begin(), text.end(), proto::is_eight_bit);
  std::string selector = proto::lower_case(text);
  if (!is_ascii) {
    const Result<proto::Domain> name = proto::Domain::parse(text);
    if (!name.ok()) return refused("the selector is no name: " + name.error().message);
    selector = name->text();
  }
  if (selector.size() > kMostSelector) return refused("the selector has more than 200 octets");
  for (std::string_view rest = selector;;) {
    const auto dot = rest.find('.');
    if (!is_label(rest.substr(0, dot)))
      return refused("the selector is not made of letters, digits and hyphens, in labels of at most 63, such as \"mx2026\"");
    if (dot == std::string_view::npos) return selector;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace mxpress::mta::dkim
