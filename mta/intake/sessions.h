// The open sessions of one worker: limits their number, and chooses which to end if there are too many.
#pragma once

#include <list>
#include <map>

#include "mta/fairness/owner.h"

namespace mxpress::mta::smtp {
struct ServerReply;
class ServerSession;
}  // namespace mxpress::mta::smtp

namespace mxpress::mta::intake {

// Thread: of the worker.
class Sessions {
 public:
  explicit Sessions(std::size_t limit) : limit_(limit) {}

  // Registers a session while it exists.
  class Entry {
   public:
    Entry(Sessions& sessions, smtp::ServerSession& session, const fairness::Owner& owner);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    Sessions& sessions_;
    struct Item;
    std::list<Item>::iterator place_;
    friend class Sessions;
  };

  // True if one more session of this owner may begin. If all places are taken, the longest idle session of the owner with the most sessions
  // is ended, so that idle connections keep nobody out; no owner loses an idle session to an owner with more sessions. If there is no such
  // session, the owner with the most loses the oldest one to an owner who has clearly fewer, so that busy sessions cannot keep others out.
  // False: all are busy, and no owner has too many.
  bool make_room(const fairness::Owner& owner);
  // Ends all sessions.
  void stop(const smtp::ServerReply& last_words);
  std::size_t size() const { return items_.size(); }

 private:
  using Place = std::list<Entry::Item>::iterator;
  using Counts = std::map<fairness::Owner, std::size_t>;  // of the sessions that stay
  Counts count() const;
  Place find_idle(const Counts& of_owner, std::size_t own);
  Place find_greedy(const Counts& of_owner, std::size_t own);

  const std::size_t limit_;
  std::list<Entry::Item> items_;
  std::size_t leaving_ = 0;  // being ended, not gone yet
};

struct Sessions::Entry::Item {
  smtp::ServerSession* session;
  fairness::Owner owner;
  bool leaving = false;
};

}  // namespace mxpress::mta::intake
