// Fair queueing: each owner's clock advances by the octets of his calls, and the owner whose clock is behind is next.
#include "mta/fairness/file_turns.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace mxpress::mta::fairness {

FileTurns::FileTurns(boost::asio::thread_pool& pool, std::size_t threads)
    : pool_(pool), most_of_one_(std::max<std::size_t>(threads, 2) - 1) {
  state_.lock()->free = threads;
}

void FileTurns::add(const Turn& turn, std::unique_ptr<Work> work) {
  std::vector<Item> items;
  {
    auto state = state_.lock();
    if (state->is_closed) return;
    Line& line = state->lines[turn.owner];
    displace(*state, turn.owner, line);
    if (line.is_idle()) line.used = std::max(line.used, state->now);
    line.waiting.push_back({std::move(work), turn});
    place(*state, turn.owner, line);
    items = take_ready(*state);
  }
  start(std::move(items));
}

// Puts a line at its place after a change, if it has one; displace() removes it before the next change.
void FileTurns::place(State& state, const Owner& owner, const Line& line) const {
  if (line.is_idle())
    state.idle.emplace(line.used, owner);
  else if (!line.waiting.empty() && line.running < most_of_one_)
    state.ready.emplace(line.used, owner);
}

void FileTurns::displace(State& state, const Owner& owner, const Line& line) {
  state.ready.erase({line.used, owner});
  state.idle.erase({line.used, owner});
}

std::vector<FileTurns::Item> FileTurns::take_ready(State& state) const {
  std::vector<Item> items;
  while (state.free > 0 && !state.ready.empty()) {
    const Owner owner = state.ready.begin()->second;
    Line& line = state.lines.at(owner);
    displace(state, owner, line);
    state.now = std::max(state.now, line.used);
    items.push_back(std::move(line.waiting.front()));
    line.waiting.pop_front();
    line.used += items.back().turn.octets + kCall;
    ++line.running;
    --state.free;
    place(state, owner, line);
  }
  while (!state.idle.empty() && state.idle.begin()->first <= state.now) {
    state.lines.erase(state.idle.begin()->second);
    state.idle.erase(state.idle.begin());
  }
  if (state.idle.size() == state.lines.size()) {  // no other owner is waiting
    state.idle.clear();
    state.lines.clear();
  }
  return items;
}

void FileTurns::start(std::vector<Item> items) {
  for (auto& item : items) boost::asio::post(pool_, [this, item = std::move(item)]() mutable { run(std::move(item)); });
}

void FileTurns::run(Item item) {
  item.work->run();
  item.work.reset();
  std::vector<Item> items;
  {
    auto state = state_.lock();
    const Owner& owner = item.turn.owner;
    Line& line = state->lines.at(owner);
    displace(*state, owner, line);
    --line.running;
    ++state->free;
    place(*state, owner, line);
    items = take_ready(*state);
  }
  start(std::move(items));
}

void FileTurns::close() {
  std::map<Owner, Line> dropped;  // destroyed after the lock is released: their data may call others
  auto state = state_.lock();
  state->is_closed = true;
  for (auto& [owner, line] : state->lines) dropped[owner].waiting.swap(line.waiting);
  state->ready.clear();
  state.unlock();
}

}  // namespace mxpress::mta::fairness
