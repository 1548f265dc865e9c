// Computes from promises and open requests the states that a message may be found in.
#include "tests/torture/promises.h"

#include <algorithm>

namespace mxpress::torture {

using queue::RecipientStage;

namespace {

bool same(const queue::RecipientState& a, const queue::RecipientState& b) {
  return a.stage == b.stage && a.attempts == b.attempts && a.next_try == b.next_try && a.delay_notice_sent == b.delay_notice_sent &&
         a.expired == b.expired && a.last_time == b.last_time && a.last.has_value() == b.last.has_value() &&
         (!a.last || (a.last->text == b.last->text && a.last->reply_code == b.last->reply_code));
}

bool same(const Message& a, const Message& b) {
  return a.held == b.held && a.attempts.size() == b.attempts.size() &&
         std::equal(a.recipients.begin(), a.recipients.end(), b.recipients.begin(), b.recipients.end(),
                    [](const auto& x, const auto& y) { return same(x, y); });
}

bool is_over(const Message& message) {
  return std::none_of(message.recipients.begin(), message.recipients.end(), [](const auto& state) {
    return state.stage == RecipientStage::pending || state.stage == RecipientStage::notice_pending;
  });
}

std::string story(const Message& message) {
  std::string text = message.held ? "held" : "";
  for (const auto& state : message.recipients)
    text +=
        " " + std::to_string(static_cast<int>(state.stage)) + "/" + std::to_string(state.attempts) + (state.last ? state.last->text : "");
  return text + ", attempts " + std::to_string(message.attempts.size());
}

// Content is not wrong if the disk gives an error now.
bool is_wrong(const queue::Content& content, const std::string& expected) {
  std::string is(content.size(), '\0');
  const auto n = content.read(0, is.data(), is.size());
  if (!n) return n.error().message.find("Input/output error") == std::string::npos;
  const auto verified = content.verify();
  return is != expected || (!verified && !verified.error().is_transient());
}

}  // namespace

void Promises::ask_store(QueueId id, const queue::NewMessage& message, std::string content) {
  auto& letter = letters_[id];
  letter.content = std::move(content);
  letter.drop_name = message.drop_name;
  for (const auto& recipient : message.envelope.recipients) letter.recipients.push_back(recipient.mailbox.to_string());
  letter.base.recipients.resize(letter.recipients.size());
  letter.moment = ++moment_;
  if (!message.drop_name.empty()) drops_.emplace(message.drop_name, false);
  for (const auto& notice : message.notice_for) {
    ask_change(notice.message, queue::Told{notice.recipients, notice.kind, message.envelope.submitted});
    const auto failed = letters_.find(notice.message);
    if (failed != letters_.end()) failed->second.changes.back().notice = id;
  }
}

void Promises::ask_change(QueueId id, const queue::StateChange& change) {
  const auto letter = letters_.find(id);
  if (letter != letters_.end()) letter->second.changes.push_back({change, ++moment_});
}

void Promises::ask_site(const queue::SiteRecord& site) {
  auto& values = sites_[site.site];
  if (values.empty()) values.push_back({});
  values.push_back({++moment_, site.failures});
}

void Promises::promise_store(QueueId asked, QueueId id) {
  const auto letter = letters_.find(asked);
  if (letter == letters_.end()) return;
  promise_sites(letter->second.moment);
  if (!letter->second.drop_name.empty()) drops_[letter->second.drop_name] = true;
  if (asked != id) letters_.erase(asked);  // the drop file is a message already
  const auto there = letters_.find(id);
  if (there != letters_.end()) there->second.is_promised = true;
  for (auto& [other, failed] : letters_)
    for (auto& change : failed.changes)
      if (change.notice == id) change.is_promised = true;
}

void Promises::promise_change(QueueId id, std::size_t index) {
  const auto letter = letters_.find(id);
  if (letter == letters_.end() || index < letter->second.forgotten) return;
  auto& change = letter->second.changes.at(index - letter->second.forgotten);
  change.is_promised = letter->second.is_promised = true;
  promise_sites(change.moment);
}

// Earlier requests are durable earlier.
void Promises::promise_sites(std::uint64_t before) {
  for (auto& [name, values] : sites_)
    while (values.size() > 1 && values[1].moment > born_ && values[1].moment < before) values.erase(values.begin());
}

std::size_t Promises::changes_of(QueueId id) const {
  const auto letter = letters_.find(id);
  return letter == letters_.end() ? 0 : letter->second.forgotten + letter->second.changes.size();
}

bool Promises::is_promised(QueueId id) const {
  const auto letter = letters_.find(id);
  return letter != letters_.end() && letter->second.is_promised;
}

std::size_t Promises::promised() const {
  return static_cast<std::size_t>(std::count_if(letters_.begin(), letters_.end(), [](const auto& l) { return l.second.is_promised; }));
}

std::vector<Message> Promises::possible(const Letter& letter, const Asked* without) {
  std::vector<Message> states{letter.base};
  for (const auto& asked : letter.changes) {
    if (&asked == without) continue;
    const auto count = states.size();
    for (std::size_t i = 0; i < count; ++i) {
      Message next = states[i];
      apply_change(next, asked.change);
      if (asked.is_promised)
        states[i] = std::move(next);
      else if (std::none_of(states.begin(), states.end(), [&](const Message& known) { return same(known, next); }))
        states.push_back(std::move(next));
    }
  }
  return states;
}

bool Promises::can_be_over(const Letter& letter, const Asked* without) {
  const auto states = possible(letter, without);
  return std::any_of(states.begin(), states.end(), is_over);
}

std::vector<std::string> Promises::compare(Recovered& recovered) const {
  std::vector<std::string> out;
  for (const auto& [id, message] : recovered.found)
    if (!letters_.contains(id)) out.push_back(id.to_string() + " was never to be there: " + story(message));
  for (const auto& [id, letter] : letters_) {
    compare_letter(id, letter, recovered, out);
    for (const auto& change : letter.changes)
      if (change.notice.value != 0) compare_notice(id, letter, change, recovered, out);
  }
  compare_drops(recovered, out);
  compare_sites(recovered, out);
  if (recovered.spool.counters().corrupt != 0) out.push_back("what was only torn was taken for damage");
  return out;
}

void Promises::compare_letter(QueueId id, const Letter& letter, Recovered& recovered, std::vector<std::string>& out) const {
  const auto problem = [&](const std::string& what) { out.push_back(id.to_string() + " " + what); };
  const auto live = recovered.found.find(id);
  if (live == recovered.found.end()) {
    if (letter.moment > born_) return;  // of this process: a recovery does not report it
    if (letter.is_promised && !can_be_over(letter)) problem("was promised and is lost");
    return;
  }
  const auto& message = live->second;
  const auto states = possible(letter);
  if (std::none_of(states.begin(), states.end(), [&](const Message& state) { return !is_over(state) && same(state, message); }))
    problem("is in a state that was not promised: " + story(message) + ", but may be in: " + story(states.front()) + " or " +
            std::to_string(states.size() - 1) + " others");
  std::vector<std::string> recipients;
  for (const auto& recipient : message.envelope.recipients) recipients.push_back(recipient.mailbox.to_string());
  if (recipients != letter.recipients) problem("has other recipients");
  if (!message.content || is_wrong(*message.content, letter.content)) problem("has another content");
}

// The notice and the end of the pending state are both there or both missing.
void Promises::compare_notice(QueueId id, const Letter& letter, const Asked& told, Recovered& recovered,
                              std::vector<std::string>& out) const {
  const auto notice = letters_.find(told.notice);
  if (notice == letters_.end()) return;
  const auto& change = std::get<queue::Told>(told.change);
  if (change.kind != queue::NewMessage::NoticeFor::Kind::failure) return;
  const bool is_there = recovered.found.contains(told.notice);
  const auto failed = recovered.found.find(id);
  if (failed != recovered.found.end() && is_there)
    for (const auto i : change.recipients)
      if (failed->second.recipients.at(i).stage == RecipientStage::notice_pending)
        out.push_back(id.to_string() + ": the notice is there and owed as well");
  if (is_there || can_be_over(notice->second)) return;
  const auto states = possible(letter, &told);
  const bool fits_without =
      failed == recovered.found.end()
          ? !letter.is_promised || std::any_of(states.begin(), states.end(), is_over)
          : std::any_of(states.begin(), states.end(), [&](const Message& state) { return same(state, failed->second); });
  if (!fits_without) out.push_back(id.to_string() + ": the notice is neither there nor owed");
}

void Promises::compare_drops(Recovered& recovered, std::vector<std::string>& out) const {
  std::map<std::string, int> copies;
  for (const auto& [id, letter] : letters_)
    if (!letter.drop_name.empty() && recovered.found.contains(id) && ++copies[letter.drop_name] > 1)
      out.push_back("the drop file " + letter.drop_name + " was stored twice");
}

void Promises::compare_sites(const Recovered& recovered, std::vector<std::string>& out) const {
  for (const auto& [name, values] : sites_) {
    const auto found = recovered.sites.find(name);
    const auto failures = found == recovered.sites.end() ? 0 : found->second;
    if (std::none_of(values.begin(), values.end(), [&](const Site& value) { return value.failures == failures; }))
      out.push_back("the site " + name + " has " + std::to_string(failures) + " failures, which was not promised");
  }
}

void Promises::accept(Recovered& recovered) {
  std::erase_if(letters_, [&](const auto& letter) { return letter.second.moment <= born_ && !recovered.found.contains(letter.first); });
  for (auto& [id, letter] : letters_) {
    if (!recovered.found.contains(id)) continue;  // of this process
    auto& found = recovered.found.at(id);
    letter.is_promised = true;
    letter.forgotten += letter.changes.size();
    letter.changes.clear();
    letter.base.held = found.held;
    letter.base.recipients = found.recipients;
    letter.base.attempts = found.attempts;
  }
  for (auto& [name, values] : sites_) {
    const auto found = recovered.sites.find(name);
    values = {{0, found == recovered.sites.end() ? 0 : found->second}};
  }
}

std::vector<std::string> Promises::untaken_drops() const {
  std::vector<std::string> out;
  for (const auto& [name, is_taken] : drops_)
    if (!is_taken) out.push_back(name);
  return out;
}

}  // namespace mxpress::torture
