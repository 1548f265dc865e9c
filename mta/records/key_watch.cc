// Queries the DNS for the records of keys.
#include "mta/records/key_watch.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "dns/resolver.h"
#include "mta/content/dkim_signer.h"
#include "mta/dkim/key_record.h"
#include "mta/events/event.h"
#include "mta/events/hub.h"
#include "mta/records/key_book.h"
#include "mta/system/log.h"

namespace mxpress::mta::records {

using What = events::KeyRecordSeen::What;

class KeyWatch::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Executor executor, events::Hub& events, boost::filesystem::path file)
      : executor_(executor), events_(events), file_(std::move(file)), news_(executor) {
    auto seen = read_seen_keys(file_);
    if (seen) state_.lock()->seen = std::move(*seen);
    // If it exists and cannot be read: no key counts as an old one, all wait for the DNS.
    if (!seen && seen.error().is_transient()) {
      state_.lock()->seen.emplace();
      log(LogLine(Priority::error, "dkim").add("reason", seen.error().message));
    }
  }

  void watch(routing::SigningKeys keys, std::shared_ptr<content::DkimSigner> signer, MakeResolver make_resolver) {
    std::uint64_t round = 0;
    {
      auto state = state_.lock();
      const std::optional<KeyBook> earlier = std::exchange(state->book, std::nullopt);
      if (earlier) state->seen = earlier->seen();
      state->book.emplace(std::move(keys), state->seen, Clock::current().wall());
      if (earlier) state->book->go_on_from(*earlier);
      state->signer = std::move(signer);
      if (state->signer) state->signer->use(state->book->ring());
      round = ++state->round;
    }
    asio::post(executor_, [self = shared_from_this(), round, make = std::move(make_resolver)] { self->begin(round, make); });
  }

  // The coroutine ends at its next step.
  void end() { ++state_.lock()->round; }

  std::vector<KeyStatus> status() {
    auto state = state_.lock();
    return state->book ? state->book->status() : std::vector<KeyStatus>();
  }

 private:
  struct State {
    std::optional<SeenKeys> seen;  // before the book began; nullopt: there was no file
    std::optional<KeyBook> book;
    std::shared_ptr<content::DkimSigner> signer;
    std::uint64_t round = 0;  // counts calls of watch(): work of an earlier one ends
  };

  void begin(std::uint64_t round, const MakeResolver& make_resolver) {
    save(round);
    asio::co_spawn(executor_, run(shared_from_this(), round, make_resolver()),
                   [](std::exception_ptr error) { log_bug("the records of keys", error); });
    news_.cancel();  // a waiting coroutine sees that its round is over
  }

  static Task<void> run(std::shared_ptr<Core> self, std::uint64_t round, std::shared_ptr<dns::Resolver> resolver) {
    std::vector<BootTime> due = self->first_due(round);
    while (!due.empty()) {
      for (std::size_t i = 0; i < due.size(); ++i) {
        if (due[i] > BootClock::now()) continue;
        auto question = self->question(round, i);
        if (!question) co_return;
        const dns::Answer answer = co_await resolver->resolve(std::move(*question));
        const auto pause = self->enter(round, i, answer);
        if (!pause) co_return;
        due[i] = BootClock::now() + *pause;
      }
      self->news_.expires_at(*std::min_element(due.begin(), due.end()));
      co_await self->news_.async_wait(asio::as_tuple(use_task));
      if (!self->is_current(round)) co_return;
    }
  }

  bool is_current(std::uint64_t round) { return state_.lock()->round == round; }

  // The times to query each key; keys that never sign are not queried.
  std::vector<BootTime> first_due(std::uint64_t round) {
    auto state = state_.lock();
    std::vector<BootTime> due;
    if (state->round != round) return due;
    for (const KeyBook::Entry& key : state->book->entries()) due.push_back(key.sign == SignWhen::never ? BootTime::max() : BootTime::min());
    return due;
  }

  std::optional<dns::Question> question(std::uint64_t round, std::size_t entry) {
    auto state = state_.lock();
    if (state->round != round) return std::nullopt;
    const KeyBook::Entry& key = state->book->entries().at(entry);
    return dns::Question{dkim::record_name(key.selector, key.domain), dns::RecordType::txt};
  }

  // The time until the next query; nullopt: this round is over.
  std::optional<Duration> enter(std::uint64_t round, std::size_t entry, const dns::Answer& answer) {
    auto state = state_.lock();
    if (state->round != round) return std::nullopt;
    const KeyBook::Change change = state->book->enter(entry, answer, Clock::current().wall());
    const KeyBook::Entry key = state->book->entries().at(entry);
    const Duration pause = state->book->pause(entry);
    if (change == KeyBook::Change::signs && state->signer) state->signer->use(state->book->ring());
    state.unlock();
    if (change == KeyBook::Change::signs) save(round);
    if (change != KeyBook::Change::none) tell(change, key);
    return pause;
  }

  void tell(KeyBook::Change change, const KeyBook::Entry& key) {
    const What what = change == KeyBook::Change::signs  ? What::signs
                      : change == KeyBook::Change::lost ? What::lost
                      : change == KeyBook::Change::back ? What::back
                                                        : What::waits;
    events_.emit(events::KeyRecordSeen{what, key.domain.text(), key.selector, key.why});
  }

  void save(std::uint64_t round) {
    auto state = state_.lock();
    if (state->round != round) return;
    const SeenKeys seen = state->book->seen();
    state.unlock();
    if (const Status written = write_seen_keys(file_, seen); !written)
      log(LogLine(Priority::error, "dkim").add("reason", written.error().message));
  }

  const Executor executor_;
  events::Hub& events_;
  const boost::filesystem::path file_;
  queue::Guarded<State> state_;
  Timer news_;  // used on the executor's thread
};

KeyWatch::KeyWatch(Executor executor, events::Hub& events, boost::filesystem::path file)
    : core_(std::make_shared<Core>(executor, events, std::move(file))) {}

KeyWatch::~KeyWatch() { core_->end(); }

void KeyWatch::watch(routing::SigningKeys keys, std::shared_ptr<content::DkimSigner> signer, MakeResolver make_resolver) {
  core_->watch(std::move(keys), std::move(signer), std::move(make_resolver));
}

std::vector<KeyStatus> KeyWatch::status() const { return core_->status(); }

}  // namespace mxpress::mta::records
