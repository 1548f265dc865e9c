// The open sessions of one worker: how many there may be, and who has to go when there are too many.
#pragma once

#include <list>
#include <map>
#include <string>
#include <string_view>

#include "mta/smtp/server_session.h"

namespace mxpress::mta::intake {

// Thread: of the worker.
class Sessions {
 public:
  explicit Sessions(std::size_t limit) : limit_(limit) {}

  // Present while it lives.
  class Entry {
   public:
    Entry(Sessions& sessions, smtp::ServerSession& session, std::string peer);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    Sessions& sessions_;
    struct Item;
    std::list<Item>::iterator place_;
    friend class Sessions;
  };

  // Whether one more of this peer may begin. When all places are taken, the session that has been idle for longest, of the peer that has
  // the most of them, is told to go; so idle connections never keep anybody out. If none is idle, the peer that has the most loses its
  // oldest session to one that has clearly fewer; so nobody keeps the others out by being busy. No: all are busy, and nobody is greedy.
  bool make_room(std::string_view peer);
  // Everybody is told to go.
  void stop(const smtp::ServerReply& last_words);
  std::size_t size() const { return items_.size(); }

 private:
  using Place = std::list<Entry::Item>::iterator;
  using Counts = std::map<std::string_view, std::size_t>;  // of the sessions that stay
  Counts count() const;
  Place find_idle(const Counts& of_peer);
  Place find_greedy(const Counts& of_peer, std::string_view peer);

  const std::size_t limit_;
  std::list<Entry::Item> items_;
  std::size_t leaving_ = 0;  // told to go, not gone yet
};

struct Sessions::Entry::Item {
  smtp::ServerSession* session;
  std::string peer;
  bool leaving = false;
};

}  // namespace mxpress::mta::intake
