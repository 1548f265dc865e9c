// Makes body parts with GMime. What GMime does by itself and what is done here: docs/send.md.
#include "mta/compose/content.h"

#include <string>

#include "mta/compose/file_name.h"
#include "mta/compose/media_type.h"
#include "mta/compose/text_survey.h"
#include "proto/printable.h"

namespace mxpress::mta::compose {
namespace {

constexpr const char* kCharset = "utf-8";

GMimeObject* object(void* part) { return static_cast<GMimeObject*>(part); }

// The octets of the file up to the size that it had when it was opened. GMime seeks in the descriptor.
Held<GMimeStream> stream_of(const Source& source) {
  Held<GMimeStream> stream(g_mime_stream_fs_new_with_bounds(source.descriptor(), 0, static_cast<gint64>(source.size())));
  g_mime_stream_fs_set_owner(GMIME_STREAM_FS(stream.get()), FALSE);
  return stream;
}

void add_filter(GMimeStream* stream, GMimeFilter* filter) {
  const Held<GMimeFilter> held(filter);
  g_mime_stream_filter_add(GMIME_STREAM_FILTER(stream), filter);
}

// Line ends as GMime's encoders want them: LF. In base64 they stay as they are, and text has CRLF there (RFC 2045 6.8).
Held<GMimeStream> stream_of_text(const Source& source, TextFacts::Encoding encoding) {
  const auto file = stream_of(source);
  Held<GMimeStream> filtered(g_mime_stream_filter_new(file.get()));
  add_filter(filtered.get(), g_mime_filter_dos2unix_new(FALSE));
  if (encoding == TextFacts::Encoding::base64) add_filter(filtered.get(), g_mime_filter_unix2dos_new(FALSE));
  return filtered;
}

GMimeContentEncoding encoding_of(TextFacts::Encoding encoding) {
  switch (encoding) {
    case TextFacts::Encoding::seven_bit:
      return GMIME_CONTENT_ENCODING_7BIT;
    case TextFacts::Encoding::quoted_printable:
      return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
    case TextFacts::Encoding::base64:
      break;
  }
  return GMIME_CONTENT_ENCODING_BASE64;
}

void set_content(GMimePart* part, GMimeStream* stream, GMimeContentEncoding encoding) {
  const Held<GMimeDataWrapper> wrapper(g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT));
  g_mime_part_set_content(part, wrapper.get());
  g_mime_part_set_content_encoding(part, encoding);
}

std::string charset_of(const TextFacts& facts) { return facts.eight_bit == 0 ? "us-ascii" : kCharset; }

Result<Held<GMimeObject>> make_text(const Source& source, const char* subtype) {
  const auto facts = survey(source);
  if (!facts) return facts.error();
  const std::string name = proto::printable_utf8(source.path(), 1000);
  if (facts->has_nul) return Error::permanent(name + " has NUL octets, and so is no text: attach it");
  if (!facts->is_utf8) return Error::permanent(name + " is not UTF-8: convert it with iconv, or attach it");
  Held<GMimePart> part(g_mime_part_new_with_type("text", subtype));
  g_mime_object_set_content_type_parameter(object(part.get()), "charset", charset_of(*facts).c_str());
  set_content(part.get(), stream_of_text(source, facts->encoding()).get(), encoding_of(facts->encoding()));
  return Held<GMimeObject>(object(part.release()));
}

// By RFC 2231 in filename, as the standard has it; as encoded-words in name, which Outlook and others read.
void set_name(GMimeObject* part, const std::string& name) {
  g_mime_object_set_content_disposition_parameter(part, "filename", name.c_str());
  g_mime_object_set_content_type_parameter(part, "name", name.c_str());
  GMimeParam* const standard =
      g_mime_param_list_get_parameter(g_mime_content_disposition_get_parameters(g_mime_object_get_content_disposition(part)), "filename");
  GMimeParam* const old = g_mime_param_list_get_parameter(g_mime_content_type_get_parameters(g_mime_object_get_content_type(part)), "name");
  g_mime_param_set_charset(standard, kCharset);
  g_mime_param_set_charset(old, kCharset);
  g_mime_param_set_encoding_method(standard, GMIME_PARAM_ENCODING_METHOD_RFC2231);
  g_mime_param_set_encoding_method(old, GMIME_PARAM_ENCODING_METHOD_RFC2047);
}

// A type, and the character set of a text, without which readers guess; empty: none.
struct FileType {
  std::string type;
  std::string charset;
};

// Readers may change the line ends of text/*, as mutt does with CRLF.
Result<FileType> file_type(const std::string& name, const Source& source) {
  std::string type = media_type_of(name, source);
  if (!type.starts_with("text/")) return FileType{std::move(type), {}};
  const auto facts = survey(source);
  if (!facts) return facts.error();
  if (facts->has_cr) return FileType{kAnyOctets, {}};
  return FileType{std::move(type), facts->is_utf8 ? charset_of(*facts) : std::string()};
}

// Octets that must arrive as they are, so in base64 whatever they are.
Result<Held<GMimeObject>> make_file(const Source& source, const char* disposition) {
  const std::string name = name_for_reader(source.path());
  const auto type = file_type(name, source);
  if (!type) return type.error();
  const auto slash = type->type.find('/');
  Held<GMimePart> part(g_mime_part_new_with_type(type->type.substr(0, slash).c_str(), type->type.substr(slash + 1).c_str()));
  if (!type->charset.empty()) g_mime_object_set_content_type_parameter(object(part.get()), "charset", type->charset.c_str());
  g_mime_object_set_disposition(object(part.get()), disposition);
  set_name(object(part.get()), name);
  set_content(part.get(), stream_of(source).get(), GMIME_CONTENT_ENCODING_BASE64);
  return Held<GMimeObject>(object(part.release()));
}

Held<GMimeObject> multipart(const char* subtype) { return Held<GMimeObject>(object(g_mime_multipart_new_with_subtype(subtype))); }

void add(GMimeObject* whole, GMimeObject* part) { g_mime_multipart_add(GMIME_MULTIPART(whole), part); }

Result<Held<GMimeObject>> make_html(const Letter& letter) {
  auto html = make_text(*letter.html, "html");
  if (!html || letter.inlines.empty()) return html;
  auto whole = multipart("related");
  g_mime_object_set_content_type_parameter(whole.get(), "type", "text/html");  // RFC 2387 3.1
  add(whole.get(), html->get());
  for (const Source& source : letter.inlines) {
    auto part = make_file(source, "inline");
    if (!part) return part;
    g_mime_object_set_content_id(part->get(), name_for_reader(source.path()).c_str());
    add(whole.get(), part->get());
  }
  return whole;
}

// The last alternative is the one to show. RFC 2046 5.1.4
Result<Held<GMimeObject>> make_readable(const Letter& letter) {
  if (!letter.html) return make_text(*letter.text, "plain");
  auto html = make_html(letter);
  if (!html || !letter.text) return html;
  auto text = make_text(*letter.text, "plain");
  if (!text) return text;
  auto whole = multipart("alternative");
  add(whole.get(), text->get());
  add(whole.get(), html->get());
  return whole;
}

}  // namespace

Result<Held<GMimeObject>> make_body(const Letter& letter) {
  start_gmime();
  const bool is_readable = letter.text || letter.html;
  if (letter.attachments.empty() && is_readable) return make_readable(letter);
  auto whole = multipart("mixed");
  if (is_readable) {
    auto readable = make_readable(letter);
    if (!readable) return readable;
    add(whole.get(), readable->get());
  }
  for (const Source& source : letter.attachments) {
    auto part = make_file(source, "attachment");
    if (!part) return part;
    add(whole.get(), part->get());
  }
  return whole;
}

}  // namespace mxpress::mta::compose
