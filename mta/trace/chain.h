// The way of a message by its Received fields, and what of it cannot be believed. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/address.h"
#include "mta/trace/received.h"
#include "proto/time.h"

namespace mxpress::mta::trace {

inline constexpr std::size_t kMostHops = 1000;  // further ones, the oldest, are left out

// Who wrote a field.
enum class Author {
  own_host,    // a host of the reader's own: what it says of its client is true
  entry_host,  // the same, and its client is a host of others: here the message came in
  unknown,     // the message had this field when it came in: anybody may have written it
};

enum class DoubtKind {
  gap,             // the next host got the message from another host than the one that this field names
  false_name,      // the client calls itself by a name that its address does not have
  false_own_host,  // names an own host, but stands below the entry
  time_reversed,   // the message was handed on before it came
  odd_date,        // the date cannot be, or has a zone that cannot be
  wrong_place,     // stands below fields that the author writes
  unreadable       // says neither from whom nor by whom
};
std::string_view to_string(DoubtKind kind);

struct Doubt {
  DoubtKind kind = DoubtKind::gap;
  std::string text;  // a sentence without a full stop, printable
};

struct Hop {
  Received received;
  Author author = Author::unknown;
  std::optional<Duration> delay;  // since the hop before
  std::vector<Doubt> doubts;
};

struct Chain {
  std::vector<Hop> hops;  // the oldest first
  std::string sender;     // of the Return-Path field that an own host wrote, or of the entry host's note; empty: unknown or null
  bool has_sender = false;
  bool has_more = false;  // more than kMostHops

  const Hop* entry() const;  // nullptr: there is none
  std::size_t doubts() const;
};

// Hosts of the reader's own.
struct OwnHosts {
  std::vector<std::string> names;  // domains: hosts below them, too
  std::vector<dns::Network> networks;
};

// `header`: the fields with CRLF line ends, from the top. Without `own` the host of the topmost field is the reader's own, and all that are
// named below its registered domain.
Chain read_chain(std::string_view header, const OwnHosts& own, WallTime now);

}  // namespace mxpress::mta::trace
