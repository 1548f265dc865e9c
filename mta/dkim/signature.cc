// Writes DKIM-Signature fields.
#include "mta/dkim/signature.h"

#include "proto/encoding.h"

namespace mxpress::mta::dkim {
namespace {

constexpr std::size_t kMostColumns = 77;
constexpr std::string_view kFold = "\r\n ";

// Builds text whose lines are broken between its parts.
class FoldedText {
 public:
  explicit FoldedText(std::string_view beginning) : text_(beginning), column_(beginning.size()) {}

  // Adds a tag, with a blank before it.
  void add_tag(std::string_view tag) {
    if (column_ + 1 + tag.size() > kMostColumns) {
      fold();
    } else {
      add(" ");
    }
    add(tag);
  }

  // Adds a part that may begin a line, but needs no blank.
  void add_part(std::string_view part) {
    if (column_ + part.size() > kMostColumns) fold();
    add(part);
  }

  void fold() {
    text_.append(kFold);
    column_ = 1;
  }

  void add(std::string_view text) {
    text_.append(text);
    column_ += text.size();
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t column_;
};

std::string tag(std::string_view name, std::string_view value) { return std::string(name).append("=").append(value).append(";"); }

// Removes the first name of a list, with the character after it.
std::string take_name(std::string_view& names) {
  const auto colon = names.find(':');
  const bool is_last = colon == std::string_view::npos;
  std::string name = std::string(names.substr(0, colon)) + (is_last ? ';' : ':');
  names.remove_prefix(is_last ? names.size() : colon + 1);
  return name;
}

// RFC 6376 3.5: white space is allowed around the colons.
void add_names(std::string_view names, FoldedText& text) {
  text.add_tag("h=" + take_name(names));
  while (!names.empty()) text.add_part(take_name(names));
}

std::string_view text_of(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

}  // namespace

std::string field_without_value(const SignatureTags& tags) {
  FoldedText text("DKIM-Signature:");
  text.add_tag("v=1;");
  text.add_tag(tag("a", std::string(name_of(tags.kind)) + "-sha256"));
  text.add_tag(tag("c", "relaxed/" + std::string(name_of(tags.body.form))));
  text.add_tag(tag("d", tags.domain));
  text.add_tag(tag("s", tags.selector));
  add_names(tags.names, text);
  text.add_tag(tag("bh", proto::base64(text_of(tags.body.octets))));
  // Last, without blank around '=' and without ';': otherwise some verifiers do not find the end of the value.
  text.fold();
  text.add("b=");
  return text.take();
}

std::string field_with_value(std::string field, std::string_view signature) {
  const std::string value = proto::base64(signature);
  std::size_t column = sizeof(" b=") - 1;
  for (std::string_view rest = value; !rest.empty();) {
    const std::string_view line = rest.substr(0, kMostColumns - column);
    field.append(line);
    rest.remove_prefix(line.size());
    if (!rest.empty()) field.append(kFold);
    column = 1;
  }
  return field.append("\r\n");
}

Digest digest_to_sign(const SignedFields& fields, std::string_view field_without_value) {
  proto::HeaderReader reader(field_without_value);
  const std::string relaxed = relaxed_field(reader.next().value());
  Sha256 hash(fields.hash());
  // RFC 6376 3.7: no CRLF after the last field.
  hash.feed(std::string_view(relaxed).substr(0, relaxed.size() - 2));
  return hash.finish();
}

}  // namespace mxpress::mta::dkim
