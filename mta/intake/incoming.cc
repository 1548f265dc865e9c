// From octets to a durable message.
#include "mta/intake/incoming.h"

#include <time.h>

#include <random>
#include <utility>

#include "dns/async.h"
#include "mta/config/config.h"
#include "mta/events/event.h"
#include "mta/events/hub.h"
#include "mta/intake/rate_guard.h"
#include "mta/routing/aliases.h"
#include "mta/routing/recipients.h"
#include "mta/routing/sender_rules.h"
#include "mta/routing/senders.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/system/log_wait.h"
#include "mta/system/spool_async.h"
#include "proto/clean_header.h"
#include "proto/trace.h"
#include "queue/message_store.h"

namespace mxpress::mta::intake {
namespace {

using proto::EnhancedStatus;
using smtp::Refusal;
using smtp::ServerReply;

// Error messages of the spool contain paths and sizes of this host: they go to local submitters and the log.
ServerReply failure(const Error& error) { return {452, EnhancedStatus{4, 3, 1}, error.message}; }

ServerReply too_many_headers() { return {452, EnhancedStatus{4, 3, 1}, "Too many large headers at a time; try again later"}; }

int local_zone_minutes(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm local{};
  return ::localtime_r(&seconds, &local) ? static_cast<int>(local.tm_gmtoff / 60) : 0;
}

constexpr std::size_t kCleanedAtOnce = 64 * 1024;  // octets of a header between two turns: a few milliseconds
constexpr std::size_t kMostAdded = 256 * 1024;     // octets that completion adds to a header, at most
constexpr std::size_t kUsualAddition = 300;        // octets of Date, From and Message-ID
constexpr std::size_t kMostOfId = 1000;            // octets of a Message-ID in the log
constexpr std::size_t kUsualLine = 500;            // octets of a waiting log line, without sender and Message-ID

// RFC 3848
proto::TransmissionType transmission(const Entrance& entrance) {
  if (entrance.submitter.entrance != "smtp") return proto::TransmissionType::local;
  return entrance.greeting == smtp::Greeting::ehlo ? proto::TransmissionType::esmtp : proto::TransmissionType::smtp;
}

// "192.0.2.1" of "192.0.2.1:4711", "2001:db8::1" of "[2001:db8::1]:4711".
std::string_view without_port(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  return host.starts_with("[") && host.ends_with("]") ? host.substr(1, host.size() - 2) : host;
}

// `config` and `own` must outlive it.
proto::HeaderCompletion completion_of(const std::shared_ptr<const Config>& config, const proto::Domain& own) {
  proto::HeaderCompletion completion{config->sender_domain ? &*config->sender_domain : &own};
  if (routing::renames_senders(*config))
    completion.author = [config](std::string_view address) { return routing::outside_author(*config, address); };
  return completion;
}

}  // namespace

// A long header, cleaned in pieces: one with each piece of content that arrives, the rest after the last one.
struct Incoming::Cleaning {
  Cleaning(std::string held, const proto::HeaderScanner& scanner, const proto::HeaderCompletion* completion)
      : text(std::move(held)), cleaner(scanner.header(text), completion) {}

  const std::string text;  // the header, and the text that came with its end
  std::string behind;      // text that has come since
  std::string whole;
  std::size_t behind_received = 0;
  proto::HeaderCleaner cleaner;
  std::uint64_t room = 0;  // memory charged for it, without the charges of the texts as they arrived
};

Incoming::Incoming(Context& context, const Entrance& entrance, std::shared_ptr<const Config> config, proto::Envelope&& envelope,
                   ExpandedRecipients&& expanded, TransactionRoom&& room)
    : context_(context),
      entrance_(entrance),
      config_(std::move(config)),
      id_(context.spool.next_id()),
      own_(config_->own_domain()),
      completion_(completion_of(config_, own_)),
      envelope_(std::move(envelope)),
      expanded_(std::move(expanded)),
      room_(std::move(room)) {
  envelope_.submitter = entrance_.submitter;
  if (is_completed()) rename_sender();
  envelope_.submitted = Clock::current().wall();
  zone_minutes_ = local_zone_minutes(envelope_.submitted);
}

Incoming::~Incoming() = default;

// Renamed like the addresses in the header.
void Incoming::rename_sender() {
  if (envelope_.reverse_path.is_null()) return;
  if (auto other = routing::outside_sender(*config_, envelope_.reverse_path.mailbox()))
    envelope_.reverse_path = proto::ReversePath(std::move(*other));
}

Refusal Incoming::append(std::string_view content) {
  received_ += content.size();
  if (cleaning_) return go_on_cleaning(content);
  if (!in_header_) return keep_body(content);
  if (header_.empty() && scanner_.find_end(content, proto::Extent::may_grow)) return end_header(content);  // the usual case
  if (!make_room(header_, header_.size() + content.size())) return too_many_headers();
  header_.append(content);
  if (!scanner_.find_end(header_, proto::Extent::may_grow) && header_.size() <= proto::kMaxHeader) return std::nullopt;
  return end_held_header();
}

// Makes room for this many octets; it at least doubles the buffer, and all of it is charged.
bool Incoming::make_room(std::string& text, std::size_t size) {
  const std::size_t had = text.capacity();
  if (size <= had) return true;
  const std::size_t wanted = std::max(size, 2 * had);
  if (!room_.add(wanted - had)) return false;
  text.reserve(wanted);
  return true;
}

void Incoming::give_back_room_of(const std::string& text) { room_.give_back(text.capacity() - std::string().capacity()); }

// `text`: the message so far; the scanner knows the end of its header, unless it is too long.
Refusal Incoming::judge_header(std::string_view text) {
  in_header_ = false;
  const bool is_endless = text.size() > proto::kMaxHeader && !scanner_.find_end(text, proto::Extent::may_grow);
  ended_well_ = scanner_.has_empty_line(text);
  if (!is_endless && scanner_.end() <= proto::kMaxHeader) return std::nullopt;
  const std::string limit = std::to_string(proto::kMaxHeader);
  return object({552, EnhancedStatus{5, 3, 4}, "Header is too big; the limit is " + limit + " octets"});
}

// Cleans the header at once.
Refusal Incoming::end_header(std::string_view text) {
  if (Refusal refusal = judge_header(text)) return refusal;
  const std::string_view header = scanner_.header(text);
  std::string whole = received();
  const std::size_t behind_received = whole.size();
  whole.reserve(behind_received + kUsualAddition + header.size());
  proto::HeaderFacts facts = proto::clean_header(header, is_completed() ? &completion_ : nullptr, whole);
  if (Refusal refusal = complete(std::move(facts), behind_received, whole)) return refusal;
  return keep_header(whole, text.substr(scanner_.end()));
}

Refusal Incoming::end_held_header() {
  std::string held = std::exchange(header_, {});
  if (held.size() > kCleanedAtOnce) return begin_cleaning(std::move(held));
  give_back_room_of(held);
  return end_header(held);
}

// Charges three times as much: for the clean header, and for lists of recipients that are merged while they grow.
Refusal Incoming::begin_cleaning(std::string held) {
  if (Refusal refusal = judge_header(held)) return refusal;
  const std::uint64_t room = 3 * held.size() + kMostAdded;
  if (!room_.add(room)) return too_many_headers();
  cleaning_ = std::make_unique<Cleaning>(std::move(held), scanner_, is_completed() ? &completion_ : nullptr);
  cleaning_->room = room;
  cleaning_->whole.reserve(cleaning_->text.size() + kMostAdded);
  cleaning_->whole.append(received());
  cleaning_->behind_received = cleaning_->whole.size();
  return go_on_cleaning({});
}

Refusal Incoming::go_on_cleaning(std::string_view content) {
  if (!make_room(cleaning_->behind, cleaning_->behind.size() + content.size())) return too_many_headers();
  cleaning_->behind.append(content);
  return cleaning_->cleaner.go_on(kCleanedAtOnce, cleaning_->whole) ? end_cleaning() : std::nullopt;
}

Refusal Incoming::end_cleaning() {
  const auto done = std::move(cleaning_);
  room_.give_back(done->room);
  give_back_room_of(done->text);
  give_back_room_of(done->behind);
  if (Refusal refusal = complete(done->cleaner.take_facts(), done->behind_received, done->whole)) return refusal;
  if (Refusal refusal = keep_header(done->whole, std::string_view(done->text).substr(scanner_.end()))) return refusal;
  return done->behind.empty() ? std::nullopt : keep_body(done->behind);
}

// Adds missing fields; notes values for the log.
Refusal Incoming::complete(proto::HeaderFacts facts, std::size_t behind_received, std::string& whole) {
  if (facts.hops > proto::kMaxHops) {
    if (Refusal refusal = object({554, EnhancedStatus{5, 4, 6}, "Too many hops: this message is in a mail loop"})) return refusal;
  }
  if (is_completed() && !facts.is_complete()) {
    const proto::HeaderDefaults ours = defaults();
    whole.insert(behind_received, proto::missing_fields(facts, ours));
    if (!facts.message_id) added_id_ = ours.message_id;
  }
  if (Refusal refusal = judge_sender(whole)) return refusal;
  if (!objection_) std::move(expanded_).put_into(envelope_.recipients);  // otherwise the notice names the recipients as they were given
  routing::drop_repetitions(envelope_.recipients);
  if (!objection_) readdress(behind_received, whole);
  if (facts.waives_tls && envelope_.tls == proto::TlsWish::usual) envelope_.tls = proto::TlsWish::waive;
  message_id_ = std::move(facts.message_id).value_or(std::string());
  if (message_id_.size() > kMostOfId) message_id_ = message_id_.substr(0, kMostOfId);
  return std::nullopt;
}

void Incoming::readdress(std::size_t behind_received, std::string& whole) {
  if (!config_->redirect) routing::add_always_bcc(*config_, envelope_.recipients);
  whole.insert(behind_received, routing::redirect_recipients(*config_, envelope_.recipients));
  envelope_.held_because = routing::hold_reason(*config_, envelope_);
  if (context_.guard && envelope_.held_because.empty()) context_.guard->hold_excess(config_->guard, id_, envelope_);
}

// `header` must be complete.
Refusal Incoming::judge_sender(std::string_view header) {
  if (config_->senders.empty()) return std::nullopt;
  const routing::Authors authors = routing::authors_of(header);
  const std::string author = routing::deciding_author(config_->senders, authors);
  if (author != envelope_.reverse_path.to_string()) envelope_.author = author;
  envelope_.is_as_other = !routing::may_send(config_->senders, envelope_, authors);
  auto why = routing::sender_refusal(config_->senders, envelope_, authors);
  return why ? object({550, EnhancedStatus{5, 7, 1}, std::move(*why)}) : std::nullopt;
}

// Keeps the header, and the beginning of the body that came with it.
Refusal Incoming::keep_header(std::string& whole, std::string_view rest) {
  if (!ended_well_) whole.append("\r\n");
  const bool fits = whole.size() + rest.size() <= queue::kInlineContent && make_room(content_, whole.size() + rest.size());
  if (const Refusal refusal = fits ? std::nullopt : make_large()) return refusal;
  if (const Refusal refusal = keep(whole)) return refusal;
  return rest.empty() ? std::nullopt : keep_body(rest);
}

// A message left by sendmail cannot be refused: its sender is notified by mail.
Refusal Incoming::object(ServerReply reply) {
  if (!is_dropped()) return reply;
  if (!objection_) objection_ = std::move(reply);
  return std::nullopt;
}

// The single record of the message contains the refusal: even after a crash it is sent to nobody. A submitter without the right to send it
// must not be able to have its full text returned to others either.
void Incoming::refuse(const ServerReply& why) {
  envelope_.refused = {why.status.value_or(EnhancedStatus{5, 3, 0}), why.text};
  envelope_.ret = proto::Return::headers;
}

std::string Incoming::received() const {
  const proto::Trace trace{.type = transmission(entrance_),
                           .uid = entrance_.submitter.uid,
                           .client_name = entrance_.submitter.client_name,
                           .client_address = without_port(entrance_.submitter.client_address),
                           .tls = {},
                           .by = own_,
                           .id = id_,
                           .recipient = envelope_.recipients.size() == 1 ? &envelope_.recipients.front().mailbox : nullptr,
                           .now = envelope_.submitted,
                           .zone_minutes = zone_minutes_};
  return proto::received_field(trace);
}

proto::HeaderDefaults Incoming::defaults() const {
  proto::HeaderDefaults defaults;
  defaults.now = envelope_.submitted;
  defaults.zone_minutes = zone_minutes_;
  defaults.from = envelope_.reverse_path.is_null() ? "MAILER-DAEMON@" + completion_.domain->text() : envelope_.reverse_path.to_string();
  defaults.message_id = std::to_string(envelope_.submitted.time_since_epoch().count()) + "." + id_.to_string() + "@" + config_->hostname;
  return defaults;
}

Refusal Incoming::keep_body(std::string_view content) {
  if (ended_well_) return keep(content);
  std::string visible;
  blind_copies_.feed(content, visible);
  return keep(visible);
}

Refusal Incoming::keep(std::string_view content) {
  inspector_.feed(content);
  const std::size_t size = content_.size() + content.size();
  if (!large_ && (size > queue::kInlineContent || !make_room(content_, size))) {
    if (const Refusal refusal = make_large()) return refusal;
  }
  if (!large_) {
    content_.append(content);
    return std::nullopt;
  }
  const Status appended = large_->append(content);
  return appended.ok() ? std::nullopt : Refusal(failure(appended.error()));
}

Refusal Incoming::make_large() {
  auto opened = context_.spool.open_large();
  if (!opened.ok()) return failure(opened.error());
  large_ = std::move(*opened);
  const Status appended = large_->append(content_);
  give_back_room_of(content_);
  content_ = {};
  return appended.ok() ? std::nullopt : Refusal(failure(appended.error()));
}

queue::NewMessage Incoming::take_message() {
  envelope_.body = inspector_.facts().body();
  envelope_.has_long_lines = inspector_.facts().needs_reencoding();
  if (objection_) refuse(*objection_);
  queue::NewMessage message;
  message.envelope = envelope_;
  message.content = std::move(content_);
  message.large = std::move(large_);
  message.drop_name = entrance_.drop_name;
  return message;
}

Refusal Incoming::end_content() {
  std::string visible;
  blind_copies_.finish(visible);
  return keep(visible);
}

Task<ServerReply> Incoming::finish() {
  if (in_header_) {
    scanner_.find_end(header_, proto::Extent::is_whole);
    if (Refusal refusal = end_held_header()) co_return std::move(*refusal);
  }
  while (cleaning_) {
    co_await let_others_go_on();
    if (Refusal refusal = go_on_cleaning({})) co_return std::move(*refusal);
  }
  if (Refusal refusal = end_content()) co_return std::move(*refusal);
  if (received_ > config_->max_message_size) {
    const std::string limit = std::to_string(config_->max_message_size);
    if (Refusal refusal = object({552, EnhancedStatus{5, 3, 4}, "Message is too big; the limit is " + limit + " octets"}))
      co_return std::move(*refusal);
  }
  queue::NewMessage message = take_message();
  auto room = log_rooms().accepted.take(entrance_.owner(), octets_of_line());
  if (!room && !is_dropped()) room = co_await wait_for_log(log_rooms().accepted, entrance_.owner(), octets_of_line());
  if (!room) {
    co_return ServerReply{451, EnhancedStatus{4, 3, 0}, "Not taken: too many lines about your mail wait for the log; try again later"};
  }
  const auto stored = co_await store(context_.spool, id_, std::move(message));
  if (!stored.ok()) co_return ServerReply{451, EnhancedStatus{4, 3, 0}, "Not stored: " + stored.error().message};
  if (*stored == id_) {  // otherwise this drop file was stored before a crash, and is in the queue already
    context_.events.emit(events::Accepted{id_, envelope_, inspector_.facts().octets, message_id_, std::move(*room), added_id_});
    context_.admit(id_, envelope_);
  }
  co_return ServerReply{250, EnhancedStatus{2, 0, 0}, "Ok: queued as " + stored->to_string()};
}

// Approximate: addresses, names, and the text around them.
std::uint64_t Incoming::octets_of_line() const {
  const std::size_t sender = envelope_.reverse_path.is_null() ? 0 : envelope_.reverse_path.mailbox().local_part().size();
  return kUsualLine + sender + message_id_.size();
}

}  // namespace mxpress::mta::intake
