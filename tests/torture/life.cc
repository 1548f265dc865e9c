// Drives a spool like a daemon.
#include "tests/torture/life.h"

#include <algorithm>

namespace mxpress::torture {

using queue::ActionKind;
using queue::RecipientStage;
using Kind = queue::NewMessage::NoticeFor::Kind;

namespace {

constexpr WallTime kNow{Duration(5000)};
constexpr int kStarts = 6;  // tries of a daemon that its service manager restarts

proto::Mailbox mailbox(const std::string& text) { return std::move(proto::Mailbox::parse(text)).value(); }

queue::Settlement settlement(QueueId id, const std::vector<std::uint32_t>& recipients, RecipientStage stage, int number) {
  queue::Settlement out{id, {kNow, recipients, {}}, {}};
  queue::RecipientState state;
  state.stage = stage;
  state.attempts = static_cast<std::uint32_t>(number);
  state.next_try = kNow + Duration(number);
  state.last = proto::HostResult{};
  state.last->reply_code = 250;
  state.last->text = "reply " + std::to_string(number) + std::string(200, '.');
  for (const auto recipient : recipients) out.changes.push_back({recipient, state});
  return out;
}

}  // namespace

Life::Life(test::ForgetfulDisk& disk, Promises& promises, std::vector<std::string>& broken)
    : disk_(disk), promises_(promises), broken_(broken), salt_(disk.operations() * 1000 + promises.promised()) {}

queue::SpoolOptions Life::options() {
  queue::SpoolOptions options;
  options.directory = "/spool";
  options.segment_size = 12 * 1024;
  options.journal_size = 30 * 1024;
  options.longest_states = 1500;
  options.ended_kept = 100;
  options.wall = [] { return kNow; };
  options.report = [this](std::string what) { reports_.push_back(std::move(what)); };
  options.note = options.report;
  options.random = [this] { return ++salt_ * 0x9E3779B97F4A7C15u; };
  return options;
}

bool Life::start() {
  for (int i = 0; i < kStarts; ++i)
    if (start_once()) return true;
  return false;
}

bool Life::start_once() {
  stop();
  auto opened = queue::SteppedSpool::open(disk_, options());
  if (!opened) return reports_.push_back(opened.error().message), false;
  spool_ = std::move(*opened);
  found_.clear();
  promises_.begin_life();
  const auto early = store({});  // intake opens before recovery begins
  commit();
  Promises::Recovered recovered{{}, {}, *spool_};
  const auto status = spool_->recover([this](const Message& message) { found_.push_back(message); },
                                      [&](const queue::SiteRecord& site) { recovered.sites[site.site] = site.failures; });
  if (!status) return reports_.push_back(status.error().message), stop(), false;
  for (const auto& message : found_)
    if (!recovered.found.emplace(message.id, message).second) broken_.push_back(message.id.to_string() + " was told twice");
  if (const auto there = spool_->load(early)) recovered.found.emplace(early, *there);
  if (Promises::is_blind(recovered)) return busy_hour(2), stop(), false;  // only new mail; the mail that it could not see must stay
  const auto problems = promises_.compare(recovered);
  broken_.insert(broken_.end(), problems.begin(), problems.end());
  promises_.accept(recovered);
  return true;
}

void Life::die() {
  disk_.before_each(nullptr);
  disk_.cut_at(1);
  stop();
}

std::string Life::next_content(std::size_t octets) {
  std::string text = "Subject: " + std::to_string(++number_) + "\r\n\r\n";
  return text + std::string(octets, static_cast<char>('a' + number_ % 26)) + "\r\n";
}

queue::NewMessage Life::compose(const Letter& letter, const std::string& content) {
  queue::NewMessage message;
  message.envelope.reverse_path = proto::ReversePath(mailbox("a@example.com"));
  for (const auto& recipient : letter.recipients) message.envelope.recipients.push_back({mailbox(recipient), {}, {}});
  message.envelope.submitted = kNow;
  message.drop_name = letter.drop_name;
  message.notice_for = letter.notice_for;
  if (letter.has_own_file)
    message.large = receive(content);
  else
    message.content = content;
  return message;
}

// In three pieces; null if the disk refuses them.
std::unique_ptr<queue::LargeContent> Life::receive(const std::string& content) {
  auto opened = spool_->open_large();
  if (!opened) return nullptr;
  const auto third = content.size() / 3;
  for (const auto& piece : {content.substr(0, third), content.substr(third, third), content.substr(2 * third)})
    if (!(*opened)->append(piece)) return nullptr;
  return std::move(*opened);
}

QueueId Life::store(Letter letter) {
  const auto content = next_content(letter.octets);
  auto message = compose(letter, content);
  if (letter.has_own_file && !message.large) return {};  // refused before the end of the data
  const auto id = spool_->next_id();
  promises_.ask_store(id, message, content);
  spool_->store_as(id, std::move(message), [this, id](Result<QueueId> stored) {
    if (stored) promises_.promise_store(id, *stored);
  });
  return id;
}

QueueId Life::notice_for(QueueId failed, std::vector<std::uint32_t> recipients, Kind kind) {
  if (!promises_.is_promised(failed)) return {};
  return store({.recipients = {"a@example.com"}, .octets = 400, .notice_for = {{failed, std::move(recipients), kind}}});
}

void Life::settle(QueueId id, queue::Settlement settlement) {
  if (!promises_.is_promised(id)) return;
  const auto index = promises_.changes_of(id);
  promises_.ask_change(id, settlement);
  spool_->settle(std::move(settlement), [this, id, index](Status status) {
    if (status) promises_.promise_change(id, index);
  });
}

void Life::settle(QueueId id, std::vector<std::uint32_t> recipients, RecipientStage stage) {
  settle(id, settlement(id, recipients, stage, ++number_));
}

void Life::expire(QueueId id, std::vector<std::uint32_t> recipients) {
  auto time_is_up = settlement(id, recipients, RecipientStage::notice_pending, ++number_);
  for (auto& change : time_is_up.changes) change.state.expired = true;
  settle(id, std::move(time_is_up));
}

void Life::act(ActionKind action, std::vector<QueueId> ids) {
  for (const auto id : ids) {
    if (!promises_.is_promised(id)) continue;
    const auto index = promises_.changes_of(id);
    promises_.ask_change(id, queue::ActionTaken{action, kNow});
    spool_->act(action, {id}, [this, id, index](Status status) {
      if (status) promises_.promise_change(id, index);
    });
  }
}

void Life::record_site(const std::string& name, std::uint32_t failures) {
  const queue::SiteRecord site{name, failures, {}, std::nullopt};
  promises_.ask_site(site);
  spool_->record_site(site);
}

void Life::write() { (void)spool_->write_batch(); }

void Life::commit() {
  while (spool_->commit_batch()) {
  }
}

void Life::checkpoint() { spool_->checkpoint(); }

void Life::busy_hour(int messages) {
  for (int i = 0; i < messages; ++i) {
    const auto id = store({.octets = 2500});
    commit();
    if (i % 3 != 0) settle(id, {0}, RecipientStage::delivered);
    if (i % 2 != 0) write();
  }
  commit();
  checkpoint();
}

void Life::first_hour() {
  for (const auto& name : promises_.untaken_drops()) store({.drop_name = name});
  for (const auto& message : found_) {
    std::vector<std::uint32_t> owed;
    for (std::uint32_t i = 0; i < message.recipients.size(); ++i)
      if (message.recipients[i].stage == RecipientStage::notice_pending) owed.push_back(i);
    if (!owed.empty()) notice_for(message.id, owed);
  }
  commit();
  if (!found_.empty()) settle(found_.front().id, {0}, RecipientStage::pending);
  if (found_.size() > 1) settle(found_.back().id, {0}, RecipientStage::delivered);
  commit();
  busy_hour(2);
}

}  // namespace mxpress::torture
