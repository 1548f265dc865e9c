// A plain verifier for tests.
#include "tests/support/dkim_verifier.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/encoding.h"

namespace mxpress::testing {
namespace {

using mta::dkim::Digest;
using mta::dkim::sha256;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 2);
  }
  return lines;
}

std::string joined_without_empty_end(std::vector<std::string> lines) {
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  std::string text;
  for (const std::string& line : lines) text += line + "\r\n";
  return text;
}

std::string with_single_blanks(const std::string& text) {
  std::string single;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) single.push_back(c);
    if (blank && (single.empty() || single.back() != ' ')) single.push_back(' ');
  }
  while (!single.empty() && single.back() == ' ') single.pop_back();
  return single;
}

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return text;
}

std::vector<std::string> fields_of(std::string_view header) {
  std::vector<std::string> fields;
  for (const std::string& line : lines_of(header)) {
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t') && !fields.empty())
      fields.back() += line + "\r\n";
    else
      fields.push_back(line + "\r\n");
  }
  return fields;
}

std::string name_of(const std::string& field) { return without_blanks(proto::lower_case(field.substr(0, field.find(':')))); }

std::string relaxed(const std::string& field) {
  std::string value = field.substr(field.find(':') + 1);
  for (std::size_t at = 0; (at = value.find("\r\n")) != std::string::npos;) value.erase(at, 2);
  value = with_single_blanks(value);
  if (value.starts_with(' ')) value.erase(0, 1);
  return name_of(field) + ":" + value + "\r\n";
}

SeenSignature parse(const std::string& field) {
  SeenSignature seen;
  seen.field = field;
  std::string rest = field.substr(field.find(':') + 1);
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const std::string tag = without_blanks(rest.substr(0, end));
    const auto equals = tag.find('=');
    seen.order.push_back(tag.substr(0, equals));
    seen.tags[tag.substr(0, equals)] = equals == std::string::npos ? "" : tag.substr(equals + 1);
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return seen;
}

std::string signed_text(const SeenSignature& seen, std::vector<std::string> fields) {
  std::string text;
  std::string names = seen.tags.at("h") + ":";
  for (; !names.empty(); names.erase(0, names.find(':') + 1)) {
    const std::string name = proto::lower_case(names.substr(0, names.find(':')));
    const auto last = std::find_if(fields.rbegin(), fields.rend(), [&](const std::string& field) { return name_of(field) == name; });
    if (last == fields.rend()) continue;
    text += relaxed(*last);
    fields.erase(std::next(last).base());
  }
  const std::string own = relaxed(seen.field.substr(0, seen.field.find(" b=") + 3) + "\r\n");
  return text + own.substr(0, own.size() - 2);
}

std::string text_of(const Digest& digest) { return {digest.begin(), digest.end()}; }

bool is_good(const SeenSignature& seen, const std::string& header, const std::string& body,
             const std::map<std::string, mta::dkim::PublicKey>& keys) {
  const auto key = keys.find(seen.tags.at("s") + "._domainkey." + seen.tags.at("d"));
  if (key == keys.end() || seen.tags.at("v") != "1") return false;
  const std::string& form = seen.tags.at("c");
  if (form != "relaxed/relaxed" && form != "relaxed/simple") return false;
  const std::string canonical = form == "relaxed/simple" ? simple_body(body) : relaxed_body(body);
  if (seen.tags.at("bh") != proto::base64(text_of(sha256(canonical)))) return false;
  if (seen.tags.at("a") != std::string(mta::dkim::name_of(key->second.kind)) + "-sha256") return false;
  const auto signature = proto::decoded_base64(seen.tags.at("b"));
  return signature && verify(key->second, sha256(signed_text(seen, fields_of(header))), *signature);
}

}  // namespace

std::string simple_body(std::string_view body) {
  const std::string text = joined_without_empty_end(lines_of(body));
  return text.empty() ? "\r\n" : text;
}

std::string relaxed_body(std::string_view body) {
  std::vector<std::string> lines = lines_of(body);
  for (std::string& line : lines) line = with_single_blanks(line);
  return joined_without_empty_end(std::move(lines));
}

std::vector<SeenSignature> verify_all(const std::string& message, const std::map<std::string, mta::dkim::PublicKey>& keys) {
  const auto end = message.find("\r\n\r\n");
  const std::string header = message.substr(0, end == std::string::npos ? end : end + 2);
  const std::string body = end == std::string::npos ? std::string() : message.substr(end + 4);
  std::vector<SeenSignature> all;
  for (const std::string& field : fields_of(header)) {
    if (name_of(field) != "dkim-signature") continue;
    all.push_back(parse(field));
    all.back().is_good = is_good(all.back(), header, body, keys);
  }
  return all;
}

}  // namespace mxpress::testing
