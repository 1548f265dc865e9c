// Reads key records in every form that RFC 6376 allows.
#include "mta/dkim/published.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "mta/dkim/key_record.h"
#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/printable.h"

namespace mxpress::mta::dkim {
namespace {

using Tags = std::map<std::string, std::string, std::less<>>;  // the first of each name

// RFC 6376 3.2: a list of tags, with white space around names and values.
std::optional<Tags> tags_of(std::string_view text) {
  Tags tags;
  while (!text.empty()) {
    const auto end = text.find(';');
    const std::string_view tag = proto::trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (tag.empty()) continue;
    const auto equals = tag.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    tags.emplace(proto::trimmed(tag.substr(0, equals)), proto::trimmed(tag.substr(equals + 1)));
  }
  return tags;
}

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return proto::is_blank(c) || c == '\r' || c == '\n'; });
  return text;
}

// True if "a:b:c" has one of these.
bool lists(std::string_view list, std::initializer_list<std::string_view> wanted) {
  while (!list.empty()) {
    const auto end = list.find(':');
    if (std::find(wanted.begin(), wanted.end(), proto::trimmed(list.substr(0, end))) != wanted.end()) return true;
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  }
  return false;
}

std::string_view value_or(const Tags& tags, std::string_view name, std::string_view otherwise) {
  const auto found = tags.find(name);
  return found == tags.end() ? otherwise : std::string_view(found->second);
}

// The reason why no verifier accepts a signature of this kind with the record; empty: it may fit. The key itself is not compared.
std::string flaw_of(const Tags& tags, KeyKind kind) {
  const std::string_view record_kind = value_or(tags, "k", "rsa");
  if (value_or(tags, "v", "DKIM1") != "DKIM1") return "the record is for another version of DKIM (v=)";
  if (!tags.contains("p")) return "the record has no key (p=)";
  if (tags.find("p")->second.empty()) return "the record says that the key is revoked (an empty p=)";
  if (record_kind != name_of(kind))
    return "the record is for another kind of key (k=" + proto::printable(record_kind, 40) + ", not " + std::string(name_of(kind)) + ")";
  if (!lists(value_or(tags, "h", "sha256"), {"sha256"})) return "the record does not allow sha256 (h=)";
  if (!lists(value_or(tags, "s", "*"), {"*", "email"})) return "the record is not for mail (s=)";
  return "";
}

RecordCheck check_one(std::string_view text, const PublicKey& key) {
  const auto tags = tags_of(text);
  if (!tags) return {false, "the record is no list of tags such as k=rsa; p=..."};
  if (std::string flaw = flaw_of(*tags, key.kind); !flaw.empty()) return {false, std::move(flaw)};
  const auto octets = proto::decoded_base64(without_blanks(tags->find("p")->second));
  if (!octets) return {false, "the key in the record (p=) is cut off or changed: it is no base64"};
  if (*octets != key.octets) return {false, "the record has another key (p=) than the one that signs"};
  if (lists(value_or(*tags, "t", ""), {"y"})) return {true, "the record says t=y: receivers treat this mail as if nobody had signed it"};
  const auto strict = parse_key_record(text);
  return {true, strict.ok() ? "" : "some verifiers refuse the record: " + strict.error().message};
}

}  // namespace

RecordCheck check_record(const std::vector<std::string>& texts, const PublicKey& key) {
  if (texts.empty()) return {false, "there is no record"};
  // RFC 6376 3.6.2.2: with more than one record the result is undefined.
  if (texts.size() > 1)
    return {false, "there are " + std::to_string(texts.size()) + " TXT records, and receivers may take any of them: remove the others"};
  return check_one(texts.front(), key);
}

}  // namespace mxpress::mta::dkim
