// One attempt for each destination, one after the other.
#include "mta/send/express.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <ostream>
#include <random>
#include <utility>
#include <vector>

#include "dns/targets.h"
#include "mta/check/lookups.h"
#include "mta/check/own_logins.h"
#include "mta/compose/message.h"
#include "mta/config/config.h"
#include "mta/content/dkim_signer.h"
#include "mta/delivery/policy_hosts.h"
#include "mta/delivery/target_rules.h"
#include "mta/events/hub.h"
#include "mta/records/key_book.h"
#include "mta/routing/destination_name.h"
#include "mta/routing/route.h"
#include "mta/routing/sender_rules.h"
#include "mta/send/file_content.h"
#include "mta/transport/session_key.h"
#include "mta/transport/smtp_transport.h"
#include "proto/printable.h"

namespace mxpress::mta::send {
namespace {

using cli::ExitStatus;
using proto::ExitCode;
using proto::Outcome;

constexpr std::size_t kMaxText = 1000;

std::string clean(std::string_view text) { return proto::printable(text, kMaxText); }

// The recipients of one destination.
struct Batch {
  routing::DestinationName destination;
  std::vector<std::uint32_t> recipients;  // indices in the envelope
};

ExitStatus refused(ExitCode code, const std::string& why) { return {code, why}; }

Result<proto::Mailbox> whole(const std::string& address, const proto::Domain& domain) {
  return proto::Mailbox::parse_qualifying(address, domain);
}

// What mxpressd completes.
Status complete(Draft& draft, const Config& config) {
  const proto::Domain domain = config.sender_domain.value_or(config.own_domain());
  const auto sender = whole(draft.sender, domain);
  if (!sender) return sender.error();
  draft.sender = sender->to_string();
  draft.letter.from.front().address = draft.sender;
  if (draft.letter.message_id.empty()) draft.letter.message_id = draft.unique + "@" + domain.text();
  for (auto* const people : {&draft.letter.to, &draft.letter.cc, &draft.letter.reply_to}) {
    for (compose::Correspondent& person : *people) {
      const auto address = whole(person.address, domain);
      if (!address) return address.error();
      person.address = address->to_string();
    }
  }
  return {};
}

Result<proto::Envelope> envelope_of(const Draft& draft, const Config& config) {
  proto::Envelope envelope;
  auto sender = proto::Mailbox::parse(draft.sender);
  if (!sender) return sender.error();
  envelope.reverse_path = proto::ReversePath(std::move(*sender));
  envelope.submitter.uid = static_cast<std::int64_t>(::getuid());
  envelope.submitted = draft.letter.date;
  for (const std::string& address : draft.recipients) {
    auto recipient = whole(address, config.own_domain());
    if (!recipient) return recipient.error();
    envelope.recipients.push_back({std::move(*recipient), {}, {}});
  }
  return envelope;
}

// The reason why only mxpressd may send this mail; nullopt: there is none.
std::optional<ExitStatus> objection(const proto::Envelope& envelope, const Config& config) {
  const auto only_daemon = [](const std::string& why) { return refused(ExitCode::unavailable, why + ": leave out --now"); };
  routing::Authors authors;
  authors.addresses.push_back(envelope.reverse_path.to_string());
  if (const auto why = routing::sender_refusal(config.senders, envelope, authors)) return refused(ExitCode::no_permission, *why);
  if (config.redirect || config.always_bcc)
    return only_daemon("the configuration changes the recipients of all mail (redirect, always_bcc)");
  const routing::RecipientRouting routing(envelope, config);
  for (const proto::Recipient& recipient : envelope.recipients) {
    const std::string who = recipient.mailbox.to_string();
    if (config.is_local(recipient.mailbox.domain())) return only_daemon(who + " is an address of this host");
    if (config.holding_route(recipient.mailbox.domain(), routing::sender_route(config.senders, envelope)))
      return only_daemon("the configuration holds mail for " + who);
    const routing::Route route = routing::route_for(config, routing.destination_of(recipient.mailbox));
    if (route.login)
      return only_daemon("mail for " + who + " goes by " + route.source + ", which signs in, and that is for mxpressd alone");
    if (!route.limit.empty()) return only_daemon("mail for " + who + " goes by " + route.source + ", whose rate limit mxpressd keeps");
    if (!route.failure.empty()) return only_daemon(route.failure);
  }
  return std::nullopt;
}

std::vector<Batch> batches_of(const proto::Envelope& envelope, const Config& config) {
  const routing::RecipientRouting routing(envelope, config);
  std::vector<Batch> batches;
  for (routing::DestinationName& name : routing::destinations_of(envelope, config)) batches.push_back({std::move(name), {}});
  for (std::uint32_t i = 0; i < envelope.recipients.size(); ++i)
    for (Batch& batch : batches)
      if (routing.is_destination_of(envelope.recipients[i].mailbox, batch.destination)) batch.recipients.push_back(i);
  return batches;
}

// Null: this user cannot read the keys, or none signs.
std::shared_ptr<content::Signer> readable_signer(const Config& config) {
  auto keys = routing::load_signing_keys(config);
  if (!keys || keys->domains.empty()) return nullptr;
  // Without the daemon's record of published keys, only those sign that always do.
  const auto seen = records::read_seen_keys(records::seen_keys_file(config.spool_directory));
  const records::KeyBook book(std::move(*keys), seen ? *seen : records::SeenKeys(), Clock::current().wall());
  return std::make_shared<content::DkimSigner>(book.ring(), routing::signing_rule(config.senders));
}

class Express {
 public:
  Express(std::shared_ptr<const Config> config, std::shared_ptr<const queue::Message> message, std::ostream& out)
      : config_(std::move(config)), message_(std::move(message)), out_(out), random_(std::random_device{}()) {}

  ExitStatus run();

 private:
  Task<void> deliver_all(const check::OwnLookups& lookups, transport::Transport& transport);
  Task<void> deliver(Batch batch, const check::OwnLookups& lookups, const std::set<dns::Address>& own, transport::Transport& transport);
  void note(const transport::Order& order, const transport::AttemptReport& report);
  void note(const Batch& batch, const dns::Targets& failure);
  void tell(std::uint32_t recipient, Outcome outcome, const std::string& words);
  ExitStatus result() const;

  const std::shared_ptr<const Config> config_;
  const std::shared_ptr<const queue::Message> message_;
  std::ostream& out_;
  std::mt19937_64 random_;
  std::uint32_t sites_ = 0;  // so far: each destination is a site of its own
  std::size_t failed_ = 0, deferred_ = 0;
};

void Express::tell(std::uint32_t recipient, Outcome outcome, const std::string& words) {
  failed_ += outcome == Outcome::failed;
  deferred_ += outcome == Outcome::deferred || outcome == Outcome::untried;
  const char* const what = outcome == Outcome::delivered ? "delivered; " : outcome == Outcome::failed ? "failed; " : "not delivered now; ";
  out_ << clean(message_->envelope.recipients[recipient].mailbox.to_string()) << ": " << what << clean(words) << "\n" << std::flush;
}

std::string words_of(const proto::HostResult& result) {
  if (result.host.empty()) return result.text;
  return result.host + " [" + result.address + "]" + (result.reply_code == 0 ? ": " : " said: ") + result.text;
}

void Express::note(const transport::Order& order, const transport::AttemptReport& report) {
  if (report.is_busy)
    for (const std::uint32_t recipient : order.recipients) tell(recipient, Outcome::deferred, words_of(report.failure));
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const proto::RecipientResult& result = report.results[i];
    tell(report.attempt.recipients[i], result.outcome, words_of(result.outcome == Outcome::untried ? report.failure : result.last));
  }
}

void Express::note(const Batch& batch, const dns::Targets& failure) {
  const bool is_permanent = failure.kind == dns::TargetsKind::failed_permanently;
  for (const std::uint32_t recipient : batch.recipients) tell(recipient, is_permanent ? Outcome::failed : Outcome::deferred, failure.text);
}

Task<void> Express::deliver(Batch batch, const check::OwnLookups& lookups, const std::set<dns::Address>& own,
                            transport::Transport& transport) {
  const proto::Domain domain = *batch.destination.ref().domain();
  routing::Route route = routing::route_for(*config_, batch.destination);
  const dns::TargetRules rules = delivery::target_rules(*config_, domain, route, std::make_shared<const std::set<dns::Address>>(own));
  delivery::PolicyHosts found =
      co_await delivery::find_policy_hosts(lookups.resolver(), {&lookups.sts()}, *config_, domain, route, rules, random_);
  move_to_targets(found);
  if (found.targets.kind != dns::TargetsKind::found) co_return note(batch, found.targets);
  route.tls = std::move(found.tls);
  transport::Order order;
  order.message = message_;
  order.recipients = std::move(batch.recipients);
  order.terms = std::make_shared<const transport::SessionTerms>(transport::session_key(route, found.targets).terms);
  order.targets = std::move(found.targets.targets);
  order.is_by_route = !route.is_direct();
  order.site = ++sites_;
  order.most_connections = config_->max_sessions_for(domain);
  order.config = config_;
  order.wanted = [] { return true; };
  order.trying = [this](const dns::Target& target) {
    out_ << "asking " << clean(target.host) << " [" << target.address_text() << "]\n" << std::flush;
  };
  const transport::AttemptReport report = co_await transport.deliver(order);
  note(order, report);
}

Task<void> Express::deliver_all(const check::OwnLookups& lookups, transport::Transport& transport) {
  const auto own = lookups.own_addresses();
  for (Batch& batch : batches_of(message_->envelope, *config_)) {
    // Otherwise mail could come back to this host.
    if (own)
      co_await deliver(std::move(batch), lookups, *own, transport);
    else
      for (const std::uint32_t recipient : batch.recipients) tell(recipient, Outcome::deferred, "the addresses of this host are not known");
  }
  transport.stop();
}

ExitStatus Express::result() const {
  const std::string kept = "mxpress keeps no copy";
  const std::string all = std::to_string(message_->envelope.recipients.size());
  if (failed_ > 0) return {ExitCode::unavailable, "failed for " + std::to_string(failed_) + " of " + all + "; " + kept};
  if (deferred_ > 0) return {ExitCode::try_later, "not delivered to " + std::to_string(deferred_) + " of " + all + "; " + kept};
  return {};
}

ExitStatus Express::run() {
  asio::io_context io;
  const check::OwnLookups lookups(io, *config_);
  events::Hub nobody;
  transport::SmtpTransport transport({io, lookups.connector(), nobody, nullptr, 1, random_()});
  std::exception_ptr bug;
  asio::co_spawn(io, deliver_all(lookups, transport), [&](std::exception_ptr error) {
    bug = error;
    io.stop();
  });
  io.run();
  if (bug) std::rethrow_exception(bug);
  return result();
}

}  // namespace

ExitStatus deliver_now(Draft draft, std::shared_ptr<Config> config, std::ostream& out) {
  if (const Status status = complete(draft, *config); !status) return {ExitCode::data, status.error().message};
  config->route_files = check::readable_route_files(*config);
  auto envelope = envelope_of(draft, *config);
  if (!envelope) return {ExitCode::data, envelope.error().message};
  if (auto why = objection(*envelope, *config)) return *why;
  config->signer = readable_signer(*config);
  if (!config->signer && !config->dkim.empty()) out << "The message is not signed: its keys are for mxpressd alone\n";
  const auto composed = compose::Message::make(std::move(draft.letter));
  if (!composed) return {ExitCode::data, composed.error().message};
  auto content = write_to_file(*composed);
  if (!content) return {ExitCode::io, content.error().message};
  if ((*content)->size() > config->max_message_size)
    return {ExitCode::data, "the message has " + shown_size((*content)->size()) + ", and this host sends at most " +
                                shown_size(config->max_message_size) + " (max_message_size)"};
  auto message = std::make_shared<queue::Message>();
  message->envelope = std::move(*envelope);
  message->recipients.resize(message->envelope.recipients.size());
  message->content = std::move(*content);
  return Express(config, message, out).run();
}

}  // namespace mxpress::mta::send
