// Turns of owners at the threads that wait for the disk.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "mta/fairness/owner.h"
#include "queue/guarded.h"

namespace mxpress::mta::fairness {

// Calls of one owner run in the order in which they came, and never on all threads: one is left to others. Of the owners with waiting
// calls, the one whose calls have read and written the fewest octets is next; an owner who comes (back) starts at the level of the others,
// without saved-up credit. So a call waits at most for the rest of one call of each other owner, not for their lines: cut long calls into
// steps. Any thread.
class FileTurns {
 public:
  static constexpr std::uint64_t kCall = 16 * 1024;  // octets that each call counts in addition to its own

  struct Turn {
    Owner owner;
    std::uint64_t octets = 0;  // that the call will read or write, approximately
  };

  // `pool` must have this many threads, and outlive it; it must be joined before this is destroyed, after close().
  FileTurns(boost::asio::thread_pool& pool, std::size_t threads);
  FileTurns(const FileTurns&) = delete;
  FileTurns& operator=(const FileTurns&) = delete;

  // `call` may be move-only, and must not throw.
  template <class Call>
  void post(const Turn& turn, Call call) {
    add(turn, std::make_unique<WorkOf<Call>>(std::move(call)));
  }
  // Destroys waiting calls, and later ones.
  void close();

 private:
  struct Work {
    virtual ~Work() = default;
    virtual void run() = 0;
  };
  template <class Call>
  struct WorkOf final : Work {
    explicit WorkOf(Call&& what) : call(std::move(what)) {}
    void run() override { call(); }
    Call call;
  };
  struct Item {
    std::unique_ptr<Work> work;
    Turn turn;
  };
  struct Line {
    std::deque<Item> waiting;
    std::size_t running = 0;
    std::uint64_t used = 0;
    bool is_idle() const { return waiting.empty() && running == 0; }
  };
  using Places = std::set<std::pair<std::uint64_t, Owner>>;  // by octets used
  struct State {
    std::map<Owner, Line> lines;
    Places ready;           // owners who may be next
    Places idle;            // owners without calls who used more than the owner of the last turn
    std::uint64_t now = 0;  // octets that the owner of the last turn had used before it
    std::size_t free = 0;   // number of free threads
    bool is_closed = false;
  };

  void add(const Turn& turn, std::unique_ptr<Work> work);
  void run(Item item);
  void place(State& state, const Owner& owner, const Line& line) const;
  static void displace(State& state, const Owner& owner, const Line& line);
  std::vector<Item> take_ready(State& state) const;
  void start(std::vector<Item> items);

  boost::asio::thread_pool& pool_;
  const std::size_t most_of_one_;
  queue::Guarded<State> state_;
};

}  // namespace mxpress::mta::fairness
