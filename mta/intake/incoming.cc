// From octets to a durable message.
#include "mta/intake/incoming.h"

#include <time.h>

#include <random>
#include <utility>

#include "mta/host/aliases.h"
#include "mta/host/log.h"
#include "mta/spool_async.h"
#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/trace.h"

namespace mxpress::mta::intake {
namespace {

using proto::EnhancedStatus;
using smtp::Refusal;
using smtp::ServerReply;

// Error messages of the spool name paths and sizes of this host: they go to local submitters and the log.
ServerReply trouble(const Error& error) { return {452, EnhancedStatus{4, 3, 1}, error.message}; }

int local_zone_minutes(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm local{};
  return ::localtime_r(&seconds, &local) ? static_cast<int>(local.tm_gmtoff / 60) : 0;
}

// Where the header ends: behind its empty line; nothing while that has not come. It is not in front of `from`.
std::optional<std::size_t> header_end(std::string_view content, std::size_t from) {
  if (content.starts_with("\r\n")) return 2;
  const auto empty_line = content.find("\r\n\r\n", from);
  if (empty_line == std::string_view::npos) return std::nullopt;
  return empty_line + 4;
}

// What we look for in a header, found in one walk.
struct Noted {
  std::size_t hops = 0;
  bool has_date = false, has_author = false;
  std::optional<std::string_view> message_id;  // of the first, if there are more

  bool is_complete() const { return has_date && has_author && message_id; }
};

Noted note(std::string_view header) {
  Noted noted;
  proto::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    noted.hops += proto::equal_in_any_case(field->name, "Received");
    noted.has_date |= proto::equal_in_any_case(field->name, "Date");
    noted.has_author |= proto::equal_in_any_case(field->name, "From");
    if (!noted.message_id && proto::equal_in_any_case(field->name, "Message-ID")) noted.message_id = field->value;
  }
  return noted;
}

// RFC 3848
proto::TransmissionType transmission(const Entrance& entrance) {
  if (entrance.submitter.entrance != "smtp") return proto::TransmissionType::local;
  return entrance.greeting == smtp::Greeting::ehlo ? proto::TransmissionType::esmtp : proto::TransmissionType::smtp;
}

// "192.0.2.1" of "192.0.2.1:4711", "2001:db8::1" of "[2001:db8::1]:4711".
std::string without_port(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  return host.starts_with("[") && host.ends_with("]") ? host.substr(1, host.size() - 2) : host;
}

proto::Domain domain_of(const Config& config) {
  const auto own = proto::Domain::parse(config.hostname);
  return own.ok() ? *own : proto::Domain::parse("localhost").value();
}

}  // namespace

Incoming::Incoming(Context& context, Entrance entrance, std::shared_ptr<const Config> config, proto::Envelope envelope)
    : context_(context),
      entrance_(std::move(entrance)),
      config_(std::move(config)),
      id_(context.spool.next_id()),
      envelope_(std::move(envelope)) {
  envelope_.submitter = entrance_.submitter;
  envelope_.submitted = Clock::current().wall();
}

Refusal Incoming::append(std::string_view content) {
  received_ += content.size();
  if (!in_header_) return keep(content);
  if (header_.empty()) {
    if (const auto end = header_end(content, 0)) return end_header(content.substr(0, *end), content.substr(*end));
  }
  const std::size_t known = header_.size() < 3 ? 0 : header_.size() - 3;
  header_.append(content);
  const auto end = header_end(header_, known);
  if (!end && header_.size() < kMaxHeader) return std::nullopt;
  if (!end) entrance_.completion = Completion::only_trace;
  const std::string held = std::move(header_);
  const std::string_view all = held;
  return end_header(all.substr(0, end.value_or(all.size())), all.substr(end.value_or(all.size())));
}

Refusal Incoming::end_header(std::string_view header, std::string_view rest) {
  in_header_ = false;
  const auto with_domains = qualified(header);
  if (with_domains) header = *with_domains;
  const Noted noted = note(header);
  if (noted.hops > proto::kMaxHops) {
    if (Refusal refusal = object({554, EnhancedStatus{5, 4, 6}, "Too many hops: this message is in a mail loop"})) return refusal;
  }
  if (noted.message_id) message_id_ = proto::unfolded(*noted.message_id);
  // Where no header begins, the missing fields begin one, whatever the lines behind look like.
  const bool is_complete = noted.is_complete() && !proto::split_message(header).header.empty();
  const std::string whole = prefix(header, is_complete) + proto::without_fields(header, {"Return-Path", "Bcc", "Resent-Bcc"});
  content_.reserve(std::min(whole.size() + rest.size(), queue::kInlineContent));
  if (const Refusal refusal = keep(whole)) return refusal;
  return rest.empty() ? std::nullopt : keep(rest);
}

// Nobody hears a refusal of what sendmail has left: its sender is told by mail.
Refusal Incoming::object(ServerReply reply) {
  if (!is_dropped()) return reply;
  objection_ = std::move(reply);
  return std::nullopt;
}

// Addresses without domain are right only on the host where they were written.
std::optional<std::string> Incoming::qualified(std::string_view header) const {
  if (entrance_.submitter.entrance == "smtp" || entrance_.completion == Completion::only_trace) return std::nullopt;
  std::string result = proto::with_domain_in_header(header, domain_of(*config_));
  if (result.size() > 2 * kMaxHeader) return std::nullopt;  // a header made of a hundred thousand names
  return result;
}

std::string Incoming::prefix(std::string_view header, bool is_complete) const {
  const int zone = local_zone_minutes(envelope_.submitted);
  proto::Trace trace{.type = transmission(entrance_),
                     .uid = entrance_.submitter.uid,
                     .client_name = entrance_.submitter.client_name,
                     .client_address = without_port(entrance_.submitter.client_address),
                     .tls = {},
                     .by = domain_of(*config_),
                     .id = id_,
                     .recipient = std::nullopt,
                     .now = envelope_.submitted,
                     .zone_minutes = zone};
  if (envelope_.recipients.size() == 1) trace.recipient = envelope_.recipients.front().mailbox;
  const std::string received = proto::received_field(trace);
  if (entrance_.completion == Completion::only_trace || is_complete) return received;
  proto::HeaderDefaults defaults;
  defaults.now = envelope_.submitted;
  defaults.zone_minutes = zone;
  defaults.from = envelope_.reverse_path.is_null() ? "MAILER-DAEMON@" + config_->hostname : envelope_.reverse_path.to_string();
  defaults.message_id = std::to_string(envelope_.submitted.time_since_epoch().count()) + "." + id_.to_string() + "@" + config_->hostname;
  return received + proto::missing_fields(header, defaults);
}

Refusal Incoming::keep(std::string_view content) {
  inspector_.feed(content);
  if (!large_ && content_.size() + content.size() > queue::kInlineContent) {
    if (const Refusal refusal = make_large()) return refusal;
  }
  if (!large_) {
    content_.append(content);
    return std::nullopt;
  }
  const Status appended = large_->append(content);
  return appended.ok() ? std::nullopt : Refusal(trouble(appended.error()));
}

Refusal Incoming::make_large() {
  auto opened = context_.spool.open_large();
  if (!opened.ok()) return trouble(opened.error());
  large_ = std::move(*opened);
  const Status appended = large_->append(content_);
  content_ = {};
  return appended.ok() ? std::nullopt : Refusal(trouble(appended.error()));
}

queue::NewMessage Incoming::take_message() {
  envelope_.body = inspector_.facts().body();
  envelope_.has_long_lines = inspector_.facts().needs_reencoding();
  for (proto::Recipient& recipient : envelope_.recipients) host::resolve_alias(*config_, recipient);
  queue::NewMessage message;
  message.envelope = envelope_;
  message.content = std::move(content_);
  message.large = std::move(large_);
  message.drop_name = entrance_.drop_name;
  return message;
}

Task<ServerReply> Incoming::finish() {
  if (in_header_) {
    if (Refusal refusal = end_header(std::exchange(header_, {}), {})) co_return std::move(*refusal);
  }
  if (received_ > config_->max_message_size) {
    const std::string limit = std::to_string(config_->max_message_size);
    if (Refusal refusal = object({552, EnhancedStatus{5, 3, 4}, "Message is too big; the limit is " + limit + " octets"}))
      co_return std::move(*refusal);
  }
  queue::NewMessage message = take_message();
  const auto stored = co_await store(context_.spool, id_, std::move(message));
  if (!stored.ok()) co_return ServerReply{451, EnhancedStatus{4, 3, 0}, "Not stored: " + stored.error().message};
  if (*stored == id_) {  // otherwise this drop file had been stored before a crash, and is in the queue already
    log_accepted(envelope_);
    hand_on();
  }
  co_return ServerReply{250, EnhancedStatus{2, 0, 0}, "Ok: queued as " + stored->to_string()};
}

void Incoming::hand_on() {
  if (!objection_) return context_.admit(id_, envelope_);
  proto::HostResult why;
  why.stage = proto::Stage::local;
  why.status = objection_->status.value_or(EnhancedStatus{5, 3, 0});
  why.text = objection_->text;
  context_.give_back(id_, why);
}

void Incoming::log_accepted(const proto::Envelope& envelope) const {
  const proto::Submitter& submitter = envelope.submitter;
  LogLine line(Priority::info, id_, "accepted");
  line.add("from", "<" + envelope.reverse_path.to_string() + ">").add("size", static_cast<std::int64_t>(inspector_.facts().octets));
  line.add("nrcpt", static_cast<std::int64_t>(envelope.recipients.size())).add("entrance", submitter.entrance);
  if (submitter.uid >= 0) line.add("uid", submitter.uid);
  if (!submitter.program.empty()) line.add("program", submitter.program);
  if (!submitter.unit.empty()) line.add("unit", submitter.unit);
  if (!submitter.client_address.empty()) line.add("client", submitter.client_address);
  if (!message_id_.empty()) line.add("message-id", message_id_);
  log(line);
}

}  // namespace mxpress::mta::intake
