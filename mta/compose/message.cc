// The header, and the writing.
#include "mta/compose/message.h"

#include <utility>

#include "mta/compose/content.h"
#include "mta/compose/gmime.h"
#include "mta/compose/sink_stream.h"

namespace mxpress::mta::compose {
namespace {

constexpr const char* kCharset = "utf-8";

// Appends the whole list at once, because GMime encodes the field again after each change of it.
void add_people(GMimeMessage* message, GMimeAddressType type, const std::vector<Correspondent>& people) {
  const Held<InternetAddressList> list(internet_address_list_new());
  for (const Correspondent& person : people) {
    const Held<InternetAddress> mailbox(
        internet_address_mailbox_new(person.name.empty() ? nullptr : person.name.c_str(), person.address.c_str()));
    internet_address_set_charset(mailbox.get(), kCharset);
    internet_address_list_add(list.get(), mailbox.get());
  }
  if (!people.empty()) internet_address_list_append(g_mime_message_get_addresses(message, type), list.get());
}

void set_field(GMimeMessage* message, const char* name, const std::string& value) {
  g_mime_object_append_header(GMIME_OBJECT(message), name, value.c_str(), kCharset);
}

Held<GMimeMessage> make_header(const Letter& letter) {
  Held<GMimeMessage> message(g_mime_message_new(FALSE));
  set_field(message.get(), "Date", proto::rfc5322_date(letter.date, letter.zone_minutes));
  add_people(message.get(), GMIME_ADDRESS_TYPE_FROM, letter.from);
  add_people(message.get(), GMIME_ADDRESS_TYPE_REPLY_TO, letter.reply_to);
  add_people(message.get(), GMIME_ADDRESS_TYPE_TO, letter.to);
  add_people(message.get(), GMIME_ADDRESS_TYPE_CC, letter.cc);
  if (!letter.subject.empty()) g_mime_message_set_subject(message.get(), letter.subject.c_str(), kCharset);
  if (!letter.message_id.empty()) g_mime_message_set_message_id(message.get(), letter.message_id.c_str());
  if (!letter.in_reply_to.empty()) {
    set_field(message.get(), "In-Reply-To", letter.in_reply_to);
    set_field(message.get(), "References", letter.in_reply_to);
  }
  for (const ExtraField& field : letter.fields) set_field(message.get(), field.name.c_str(), field.value);
  return message;
}

Status check_unchanged(const Letter& letter) {
  for (const auto* const source : {&letter.text, &letter.html}) {
    if (!*source) continue;
    if (Status status = (*source)->check_unchanged(); !status) return status;
  }
  for (const auto* const sources : {&letter.inlines, &letter.attachments}) {
    for (const Source& source : *sources) {
      if (Status status = source.check_unchanged(); !status) return status;
    }
  }
  return {};
}

std::uint64_t in_base64(std::uint64_t octets) {
  constexpr std::uint64_t kLine = 76;
  const std::uint64_t encoded = (octets + 2) / 3 * 4;
  return encoded + (encoded + kLine - 1) / kLine * 2;
}

struct FreeOptions {
  void operator()(GMimeFormatOptions* options) const { g_mime_format_options_free(options); }
};

}  // namespace

struct Message::Parts {
  Letter letter;
  Held<GMimeMessage> message{};
};

Message::Message(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Message::Message(Message&&) noexcept = default;
Message::~Message() = default;

Result<Message> Message::make(Letter letter) {
  start_gmime();
  auto parts = std::make_unique<Parts>(Parts{std::move(letter)});
  auto body = make_body(parts->letter);
  if (!body) return body.error();
  parts->message = make_header(parts->letter);
  g_mime_message_set_mime_part(parts->message.get(), body->get());
  return Message(std::move(parts));
}

Status Message::write(const Sink& sink) const {
  const std::unique_ptr<GMimeFormatOptions, FreeOptions> options(g_mime_format_options_new());
  g_mime_format_options_set_newline_format(options.get(), GMIME_NEWLINE_FORMAT_DOS);
  const auto stream = make_sink_stream(sink);
  const bool is_written = g_mime_object_write_to_stream(GMIME_OBJECT(parts_->message.get()), options.get(), stream.get()) >= 0 &&
                          g_mime_stream_flush(stream.get()) == 0;
  if (Status status = check_unchanged(parts_->letter); !status) return status;
  return is_written ? Status() : Status(Error::transient("the message could not be written: nothing was sent"));
}

std::uint64_t least_size(const Letter& letter) {
  std::uint64_t size = 0;
  for (const auto* const source : {&letter.text, &letter.html}) size += *source ? (*source)->size() : 0;
  for (const auto* const sources : {&letter.inlines, &letter.attachments}) {
    for (const Source& source : *sources) size += in_base64(source.size());
  }
  return size;
}

}  // namespace mxpress::mta::compose
