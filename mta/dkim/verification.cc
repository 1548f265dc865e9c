// Reads DKIM-Signature fields, and verifies them.
#include "mta/dkim/verification.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "mta/dkim/published.h"
#include "mta/dkim/sha256.h"
#include "mta/dkim/signed_fields.h"
#include "mta/dkim/tag_list.h"
#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/header.h"
#include "proto/printable.h"

namespace mxpress::mta::dkim {
namespace {

constexpr int kLeastBits = 1024;  // RFC 8301 3.2
constexpr std::size_t kMostName = 255;
constexpr std::size_t kMostNames = 1000;

// "relaxed/simple". RFC 6376 3.5
struct Forms {
  bool header_is_relaxed = false, body_is_relaxed = false;
};

std::optional<Forms> forms_of(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view header = text.substr(0, slash);
  const std::string_view body = slash == text.npos ? "simple" : text.substr(slash + 1);
  const auto is_known = [](std::string_view name) { return name == "simple" || name == "relaxed"; };
  if (!is_known(header) || !is_known(body)) return std::nullopt;
  return Forms{header == "relaxed", body == "relaxed"};
}

std::vector<std::string> names_of(std::string_view list) {
  std::vector<std::string> names;
  for (std::string_view rest = list; names.size() <= kMostNames;) {
    const auto end = rest.find(':');
    names.push_back(proto::lower_case(proto::trimmed(rest.substr(0, end))));
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  return names;
}

// RFC 6376 3.5: the field with an empty b=. `value`: behind "DKIM-Signature:".
std::string without_value(std::string_view field) {
  const auto colon = field.find(':');
  std::string text(field.substr(0, colon + 1));
  for (std::string_view rest = field.substr(colon + 1); !rest.empty();) {
    const auto end = std::min(rest.find(';'), rest.size());
    const std::string_view tag = rest.substr(0, end);
    const auto equals = tag.find('=');
    const bool is_value = equals != tag.npos && proto::trimmed(tag.substr(0, equals)) == "b";
    text.append(is_value ? tag.substr(0, equals + 1) : tag);
    if (end == rest.size()) break;
    text.push_back(';');
    rest.remove_prefix(end + 1);
  }
  return text;
}

// Fields by name, each list from the last one upwards.
class Fields {
 public:
  explicit Fields(std::string_view header) {
    proto::HeaderReader reader(header);
    while (const auto field = reader.next()) by_name_[proto::lower_case(proto::trimmed(field->name))].push_back(*field);
  }
  // RFC 6376 5.4.2: each use of a name takes the next field upwards.
  Digest digest(const std::vector<std::string>& names, bool is_relaxed, const proto::HeaderField& own) const {
    Sha256 hash;
    std::map<std::string_view, std::size_t> used;
    for (const std::string& name : names) {
      const auto fields = by_name_.find(name);
      if (fields == by_name_.end() || used[name] == fields->second.size()) continue;
      const proto::HeaderField& field = fields->second[fields->second.size() - ++used[name]];
      hash.feed(is_relaxed ? relaxed_field(field) : std::string(field.text));
    }
    std::string text = without_value(own.text);
    while (text.ends_with("\r\n")) text.resize(text.size() - 2);
    if (is_relaxed) {
      text = relaxed_field({own.name, std::string_view(text).substr(text.find(':') + 1), text});
      text.resize(text.size() - 2);
    }
    hash.feed(text);
    return hash.finish();
  }

 private:
  std::map<std::string, std::vector<proto::HeaderField>, std::less<>> by_name_;
};

bool is_at_or_below(std::string_view name, std::string_view domain) {
  const std::string lower = proto::lower_case(name), of = proto::lower_case(domain);
  return lower == of || (lower.size() > of.size() && lower.ends_with("." + of));
}

bool has_expired(std::string_view text, WallTime now) {
  long long until = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), until);
  return error == std::errc() && std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() > until;
}

std::string missing(const Tags& tags) {
  for (const char* name : {"v", "a", "b", "bh", "d", "h", "s"})
    if (!tags.contains(name)) return "it has no tag " + std::string(name) + "=";
  return {};
}

// Why the signature is none that can be verified, by its tags alone. All that are needed are there.
std::string flaw_of(const Tags& tags, WallTime now) {
  if (tags.at("v") != "1") return "it is of another version (v=)";
  const std::string kind = proto::lower_case(tags.at("a"));
  if (kind == "rsa-sha1") return "it uses SHA-1, which counts as no signature (RFC 8301)";
  if (kind != "rsa-sha256" && kind != "ed25519-sha256") return "its algorithm (a=) is not known";
  if (!forms_of(value_or(tags, "c", "simple/simple"))) return "its form (c=) is not known";
  if (tags.contains("l")) return "it covers the beginning of the body alone (l=), so that anybody can add to it: it was not verified";
  if (has_expired(value_or(tags, "x", ""), now)) return "it has expired (x=)";
  const std::string identity(value_or(tags, "i", "@" + tags.at("d")));
  if (!is_at_or_below(identity.substr(identity.rfind('@') + 1), tags.at("d"))) return "its identity (i=) is not of its domain (d=)";
  const auto names = names_of(tags.at("h"));
  if (names.size() > kMostNames) return "it names over 1,000 fields (h=)";
  if (std::find(names.begin(), names.end(), "from") == names.end()) return "it does not cover From (h=)";
  return {};
}

ReceivedSignature read(const proto::HeaderField& field, const Fields& fields, WallTime now) {
  ReceivedSignature signature;
  const auto tags = tags_of(field.value);
  signature.problem = tags ? missing(*tags) : "it is no list of tags";
  if (!tags) return signature;
  signature.domain = proto::printable(value_or(*tags, "d", ""), kMostName);
  signature.selector = proto::printable(value_or(*tags, "s", ""), kMostName);
  if (signature.problem.empty()) signature.problem = flaw_of(*tags, now);
  if (!signature.problem.empty()) return signature;
  const Forms forms = forms_of(value_or(*tags, "c", "simple/simple")).value();
  signature.kind = proto::lower_case(tags->at("a")) == "rsa-sha256" ? KeyKind::rsa : KeyKind::ed25519;
  signature.body_form = forms.body_is_relaxed ? BodyForm::relaxed : BodyForm::simple;
  const auto value = proto::decoded_base64(without_blanks(tags->at("b")));
  const auto body = proto::decoded_base64(without_blanks(tags->at("bh")));
  if (!value || !body || body->size() != signature.body.size()) {
    signature.problem = "its value (b=) or its hash of the body (bh=) is no base64";
    return signature;
  }
  signature.value = *value;
  std::copy(body->begin(), body->end(), signature.body.begin());
  signature.header = fields.digest(names_of(tags->at("h")), forms.header_is_relaxed, field);
  return signature;
}

}  // namespace

std::vector<ReceivedSignature> signatures_in(std::string_view header, WallTime now) {
  const Fields fields(header);
  std::vector<ReceivedSignature> signatures;
  proto::HeaderReader reader(header);
  for (auto field = reader.next(); field && signatures.size() < kMostSignatures; field = reader.next())
    if (proto::equal_in_any_case(proto::trimmed(field->name), "dkim-signature")) signatures.push_back(read(*field, fields, now));
  return signatures;
}

void BodyHashes::feed(std::string_view text) {
  simple_.feed(text);
  relaxed_.feed(text);
}

BodyDigests BodyHashes::finish() { return {simple_.finish().octets, relaxed_.finish().octets}; }

std::string why_invalid(const ReceivedSignature& signature, const BodyDigests& body, const std::vector<std::string>& records) {
  if (!signature.problem.empty()) return signature.problem;
  const Result<PublishedKey> published = published_key(records, signature.kind);
  if (!published.ok()) return published.error().message;
  PublicKey key{signature.kind, published->octets, 0};
  if (signature.kind == KeyKind::rsa) {
    const Result<PublicKey> rsa = rsa_public_key(published->octets, kLeastBits);
    if (!rsa.ok()) return rsa.error().message;
    key = *rsa;
  }
  if (body.of(signature.body_form) != signature.body) return "the body has been changed";
  if (!verify(key, signature.header, signature.value)) return "a signed field has been changed, or another key has signed";
  return {};
}

}  // namespace mxpress::mta::dkim
